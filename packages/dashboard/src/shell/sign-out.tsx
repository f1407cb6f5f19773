import { useMutation, useQuery } from "@tanstack/react-query";
import { api, apiQuery } from "../api/client.ts";

/** Takes the access key out of this browser, where the server asked for one. */
export function SignOut() {
  const session = useQuery({ ...apiQuery("readSession", {}), staleTime: Number.POSITIVE_INFINITY });
  const close = useMutation({
    mutationFn: () => api.call("closeSession"),
    onSuccess: () => location.reload(),
  });
  if (!session.data?.needsKey || !session.data.isOpen) return null;
  return (
    <button type="button" className="plain" disabled={close.isPending} onClick={() => close.mutate()}>
      Sign out
    </button>
  );
}
