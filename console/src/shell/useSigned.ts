import { useSyncExternalStore } from "react";

import { onSigned, signed } from "../session";

export const useSigned = () => useSyncExternalStore(onSigned, signed);
