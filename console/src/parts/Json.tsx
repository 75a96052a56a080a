// A JSON text, set out for reading, with a button that copies it.

import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

export function Json({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === "string" ? setOut(value) : JSON.stringify(value, null, 2);
  return (
    <div>
      <Box float="right">
        <CopyToClipboard copyButtonText="Copy" copySuccessText="Copied" copyErrorText="Not copied" textToCopy={text} />
      </Box>
      <pre className="text" tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}

function setOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
