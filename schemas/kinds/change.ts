import type { Fields } from '../field.ts'

/** What people or a pipeline changed: a release, a configuration, a template. Its context says for whom; without a show, for all. */
export const change = {
  changed: {
    type: 'label',
    required: true,
    help: 'What was changed: player, template, config, encoder, cdn, gateway, …',
  },
  version: { type: 'label', help: 'What it is now: a version, a commit, a value.' },
  detail: { type: 'text', max_length: 300, help: 'What is different, for whoever looks for a cause.' },
  by: { type: 'label', help: 'Who changed it: a person, or the pipeline’s job.' },
} as const satisfies Fields
