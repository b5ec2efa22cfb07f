import { Type } from '@sinclair/typebox'
import { LOG_FORMATS } from '../../collector/edge/edgeSource.ts'
import { fieldsOnly, oneOf, ownText, ownTexts, secret } from './fields.ts'

const { Optional } = Type

/** A CDN that sends its logs to `POST /v1/edge`. */
export const Edge = fieldsOnly({
  name: ownText('Name of the source; the dimension `cdn` unless `cdn` says.', { minLength: 1 }),
  format: oneOf(LOG_FORMATS, `Field map: ${LOG_FORMATS.join(', ')}.`),
  secret: ownText('What the sender shows as `Authorization: Bearer …`.', { minLength: 8, ...secret }),
  tenant: ownText('Whose facts these are.', { default: 'demo' }),
  cdn: Optional(ownText('The dimension `cdn`.')),
  show: Optional(ownText('The show, where the log does not say.')),
  app: Optional(ownText('The app, where the log does not say.')),
  stream: Optional(ownText('A pattern over the path whose first group names the stream.')),
  hop: Optional(
    oneOf(
      ['edge', 'origin'],
      'Where these servers stand; origin for shields and origin servers. Default edge.',
    ),
  ),
  fields: ownTexts('Columns of a tab-separated log in order, where not all fields were chosen.'),
  referers: ownTexts(
    'Hosts of your own pages (`.shop.example`: every host below it). A refusal that another site’s page asked for is hotlinking and no viewer’s.',
    { minLength: 1 },
  ),
  service_ids: ownTexts('Fastly service ids that may send logs here, for Fastly’s challenge. Default any.'),
})
