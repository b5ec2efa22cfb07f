import { workedQueryPage } from '../console/query/workedQueries.ts'
import { generatedDashboards } from '../dashboards/generate.ts'
import { declarations } from '../player/declarations.ts'
import { receiverPage } from '../processor/watch/notify/receiverPage.ts'
import { faultPage, scenarioSchemaText } from '../rehearsal/scenarioFile.ts'
import { ddl } from '../schemas/derive/ddl.ts'
import {
  dimensionDictionary,
  factDictionary,
  metricDictionary,
  reasonDictionary,
  tableDictionary,
} from '../schemas/derive/dictionary.ts'
import { generateK6Thresholds } from '../schemas/derive/k6.ts'
import { probeReasonDictionary } from '../schemas/derive/probeReasonDictionary.ts'
import { runbooks } from '../schemas/derive/runbook.ts'
import { showPage } from './showTable.ts'

/** Every generated file by its path from the top, and its text. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  const statements = ddl({ database: 'firstframe', expires: false })
  const clustered = ddl({ database: 'firstframe', cluster: 'firstframe' })
  return new Map([
    ['schemas/generated/embedded.sql', `${statements.join(';\n\n')};\n`],
    ['schemas/generated/cluster.sql', `${clustered.join(';\n\n')};\n`],
    ['docs/data/metrics.md', metricDictionary()],
    ['docs/data/tables.md', tableDictionary()],
    ['docs/data/dimensions.md', dimensionDictionary()],
    ['docs/data/reasons.md', reasonDictionary()],
    ['docs/data/facts.md', factDictionary()],
    ['k6/generated/thresholds.ts', generateK6Thresholds()],
    ...generatedDashboards(),
    ['docs/data/queries/README.md', workedQueryPage()],
    ['docs/data/probe-reasons.md', probeReasonDictionary()],
    ['player/generated/firstframe.d.mts', declarations()],
    ['docs/receivers.md', receiverPage()],
    ['rehearsal/scenario.schema.json', scenarioSchemaText()],
    ['rehearsal/faults.md', faultPage()],
    ['docs/show.md', showPage()],
    ...runbooks(),
  ])
}
