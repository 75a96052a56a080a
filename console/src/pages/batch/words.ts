// A command as people write it: a JSON list, or words between spaces.

export function words(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) return JSON.parse(trimmed) as string[];
  return trimmed === "" ? [] : trimmed.split(/\s+/);
}
