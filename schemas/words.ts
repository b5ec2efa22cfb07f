import type { Hop } from './kinds/kinds.ts'

/** A term in both languages of the product. */
export interface Term {
  readonly en: string
  readonly zh: string
}
export type Lang = keyof Term

/** The hops by name: page, pages sent at night, reports and boards use these and no others. */
export const HOP_NAMES: Readonly<Record<Hop, Term>> = {
  encoder: { en: 'Encoder', zh: '编码器' },
  ingest: { en: 'Ingest', zh: '推流接入' },
  transcode: { en: 'Transcode', zh: '转码' },
  origin: { en: 'Origin', zh: '源站' },
  edge: { en: 'Edge', zh: '边缘' },
  player: { en: 'Player', zh: '播放端' },
  interaction: { en: 'Interaction', zh: '互动' },
}

/** Units as they stand behind a number. */
export const UNITS = {
  ms: { en: 'ms', zh: '毫秒' },
  s: { en: 's', zh: '秒' },
  min: { en: 'min', zh: '分' },
  h: { en: 'h', zh: '小时' },
  per_minute: { en: '/min', zh: '次/分' },
  fps: { en: 'fps', zh: '帧/秒' },
  kbps: { en: 'kb/s', zh: 'kb/s' },
  mbps: { en: 'Mb/s', zh: 'Mb/s' },
  mb: { en: 'MB', zh: 'MB' },
  ratio: { en: '%', zh: '%' },
  times: { en: '×', zh: '×' },
} as const satisfies Readonly<Record<string, Term>>

/** The dimensions by name. */
export const DIMENSION_NAMES: Readonly<Record<string, Term>> = {
  show: { en: 'Show', zh: '直播' },
  stream: { en: 'Stream', zh: '流' },
  app: { en: 'App', zh: '应用' },
  cdn: { en: 'CDN', zh: 'CDN' },
  edge: { en: 'Edge node', zh: '边缘节点' },
  isp: { en: 'Operator', zh: '运营商' },
  country: { en: 'Country', zh: '国家' },
  region: { en: 'Region', zh: '地区' },
  network: { en: 'Network', zh: '网络' },
  device: { en: 'Device', zh: '设备' },
  os: { en: 'System', zh: '系统' },
  container: { en: 'Container', zh: '容器' },
  component: { en: 'Component', zh: '组件' },
  component_version: { en: 'Component version', zh: '组件版本' },
  player: { en: 'Player', zh: '播放器' },
  player_version: { en: 'Version', zh: '版本' },
  protocol: { en: 'Protocol', zh: '协议' },
  codec: { en: 'Codec', zh: '编码' },
  rendition: { en: 'Rendition', zh: '档位' },
  delivery: { en: 'Delivery', zh: '分发方式' },
  source: { en: 'Source', zh: '上报来源' },
  node: { en: 'Node', zh: '节点' },
  target: { en: 'Target', zh: '拨测目标' },
  resource: { en: 'Resource', zh: '资源' },
}

/** Values of dimensions that people call otherwise in Chinese: provinces and operators. */
const PLACES_ZH: Readonly<Record<string, string>> = {
  Anhui: '安徽',
  Beijing: '北京',
  Chongqing: '重庆',
  Fujian: '福建',
  Gansu: '甘肃',
  Guangdong: '广东',
  Guangxi: '广西',
  Guizhou: '贵州',
  Hainan: '海南',
  Hebei: '河北',
  Heilongjiang: '黑龙江',
  Henan: '河南',
  'Hong Kong': '香港',
  Hubei: '湖北',
  Hunan: '湖南',
  'Inner Mongolia': '内蒙古',
  Jiangsu: '江苏',
  Jiangxi: '江西',
  Jilin: '吉林',
  Liaoning: '辽宁',
  Macau: '澳门',
  Ningxia: '宁夏',
  Qinghai: '青海',
  Shaanxi: '陕西',
  Shandong: '山东',
  Shanghai: '上海',
  Shanxi: '山西',
  Sichuan: '四川',
  Taiwan: '台湾',
  Tianjin: '天津',
  Tibet: '西藏',
  Xinjiang: '新疆',
  Yunnan: '云南',
  Zhejiang: '浙江',
  'China Telecom': '中国电信',
  'China Mobile': '中国移动',
  'China Unicom': '中国联通',
  'China Broadnet': '中国广电',
  telecom: '电信',
  mobile: '移动',
  unicom: '联通',
}

/** The value of a dimension as a person calls it: `Guangdong` is 广东 in Chinese; other names stay. */
export const placeName = (value: string, lang: Lang): string =>
  lang === 'zh' ? (PLACES_ZH[value] ?? value) : value

/**
 * Who is named by a cause, as one reads it: `cdn-b Guangdong`, in Chinese 广东 cdn-b (the larger place first).
 * @param cause values by dimension
 */
export function causeName(cause: Readonly<Record<string, string>>, lang: Lang): string {
  const entries = Object.entries(cause)
  if (lang === 'zh') {
    const wide = ['country', 'region', 'isp', 'network']
    entries.sort(([a], [b]) => Number(wide.includes(b)) - Number(wide.includes(a)))
  }
  return entries.map(([, value]) => placeName(value, lang)).join(' ')
}

/**
 * Place names within a sentence in Chinese: `cdn-b Guangdong地区` becomes `cdn-b 广东地区`.
 * @param sentence a summary in Chinese
 */
export function namedInChinese(sentence: string, cause: Readonly<Record<string, string>>): string {
  let text = sentence
  for (const value of Object.values(cause)) {
    const name = placeName(value, 'zh')
    if (name !== value) text = text.replaceAll(value, name)
  }
  return text
}

/** A table whose values are pairs [English, Chinese], terms, or tables of these, as it reads in one language. */
export type Said<T> = T extends (infer Word)[]
  ? Word
  : T extends Term
    ? string
    : { [K in keyof T]: Said<T[K]> }

/** Picks one language out of such a table. */
export const inLanguage = <T extends object>(both: T, lang: Lang): Said<T> =>
  Object.fromEntries(
    Object.entries(both).map(([name, value]) => {
      if (Array.isArray(value)) return [name, value[lang === 'en' ? 0 : 1]]
      return [name, typeof value.en === 'string' ? value[lang] : inLanguage(value, lang)]
    }),
  ) as Said<T>
