// Why a text is no JSON, in the browser's words; empty where it is.

export function jsonError(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
