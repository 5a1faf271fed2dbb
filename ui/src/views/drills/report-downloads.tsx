/** Owns taking a report along, as JSON, Markdown or HTML. */
import { callText } from '../../api/client.ts';
import { useAction } from '../../api/use-action.ts';
import { ProblemNote } from '../../ui/problem-note.tsx';

const formats = [
  ['json', 'application/json'],
  ['md', 'text/markdown'],
  ['html', 'text/html'],
] as const;

export function ReportDownloads({ id, signed }: { readonly id: string; readonly signed: boolean }) {
  // Fetched rather than linked to: a link carries no bearer token.
  const save = useAction(async (format: string, type: string) => {
    const text = await callText(`/v1/drills/${id}/report?format=${format}`, { accept: type });
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `drill-${id}.${format}`;
    link.click();
    URL.revokeObjectURL(url);
  });
  return (
    <div class="downloads">
      <span class="faint">{signed ? 'Signed report' : 'Report'}</span>
      {formats.map(([format, type]) => (
        <button
          key={format}
          type="button"
          class="button small-button"
          disabled={save.busy}
          onClick={() => void save.run(format, type)}
        >
          {format.toUpperCase()}
        </button>
      ))}
      <ProblemNote problem={save.problem} />
    </div>
  );
}
