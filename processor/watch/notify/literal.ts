/**
 * Names in a page come from whoever sends beacons. Receivers must show them as they are: no link, picture, mention or format may
 * come of a name. Where a service has plain text elements they are used; these functions are for where it has none.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g
/** Characters that turn the direction of the text around them. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** One line of text: a name can neither begin a line of its own nor turn the text around it. */
export const oneLine = (text: string): string => text.replace(CONTROL, ' ').replace(TURNING, '')

/** Text in Slack's mrkdwn, where only these three characters begin a link or a mention. */
export const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Text in Markdown (DingTalk): marks, tags, links and bare addresses are text. */
export const markdownText = (text: string): string =>
  oneLine(text)
    .replace(/[\\`*_{}[\]()#!|~@]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(:)(?=\/\/)/g, '\\$1')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`)
