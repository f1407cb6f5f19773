import { themeDeclarations } from "./theme-colours.ts";

/** The style sheet of a report: one column, readable on a phone, dark where the reader asks for it, light on paper. */
export function reportStyle(): string {
  const light = themeDeclarations("light");
  return `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${themeDeclarations("dark")}}}
*{box-sizing:border-box}
body{margin:0;background:var(--surface);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
main{max-width:1160px;margin:0 auto;padding:40px 24px 72px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.01em;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;margin:52px 0 10px;padding-top:14px;border-top:1px solid var(--grid);overflow-wrap:anywhere}
p{max-width:70ch;margin:0 0 12px;overflow-wrap:anywhere}
a{color:var(--series-0)}
.subtitle,figcaption,.empty{color:var(--muted)}
.facts{display:flex;flex-wrap:wrap;gap:14px 36px;margin:22px 0 0}
.facts div{min-width:0}
.facts dt{font-size:13px;color:var(--muted)}
.facts dd{margin:0;font-size:18px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
nav{margin:26px 0 0;padding:12px 0;border-top:1px solid var(--grid);font-size:15px}
nav ol{display:flex;flex-wrap:wrap;gap:4px 24px;margin:0;padding:0;list-style:none}
nav a{text-decoration:none;overflow-wrap:anywhere}
nav a:hover{text-decoration:underline}
.figures{display:flex;flex-wrap:wrap;align-items:flex-start;gap:32px 40px;margin-top:18px}
figure{margin:0;max-width:100%;min-width:0}
figcaption{display:flex;flex-wrap:wrap;gap:0 14px;align-items:baseline;font-size:14px;line-height:1.45;width:0;min-width:100%;margin-bottom:6px}
figcaption strong{color:var(--ink);font-size:15px;overflow-wrap:anywhere}
figcaption .caption{flex-basis:100%;order:3;overflow-wrap:anywhere}
.scroll{overflow-x:auto;max-width:100%}
.scroll svg{display:block;max-width:100%;height:auto}
table{border-collapse:collapse;font-size:14px;line-height:1.4;margin-top:14px}
th{color:var(--muted);font-weight:500;text-align:left;border-bottom:1px solid var(--rule)}
th,td{padding:5px 28px 5px 0;vertical-align:top}
td{border-bottom:1px solid var(--grid)}
td:first-child{white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums}
@media (max-width:600px){main{padding:24px 16px 48px}h1{font-size:25px}h2{margin-top:40px}}
@media print{:root{color-scheme:light;${light}}body{font-size:11pt}main{max-width:none;padding:0}nav,.download{display:none}
figure{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}.scroll svg{min-width:0!important}}
`.trim();
}
