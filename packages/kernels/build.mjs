// replaced by the native build
