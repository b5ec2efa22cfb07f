/** Formats of results. Left out: those that take a schema or a template from a file or an address, and those of wire protocols. */
const OUTPUT_FORMATS: ReadonlyMap<string, string> = new Map(
  `
  Arrow ArrowStream Avro BSONEachRow CSV CSVWithNames CSVWithNamesAndTypes GeoJSON JSON JSONColumns JSONColumnsWithMetadata
  JSONCompact JSONCompactColumns JSONCompactEachRow JSONCompactEachRowWithNames JSONCompactEachRowWithNamesAndTypes
  JSONCompactEachRowWithProgress JSONCompactStrings JSONCompactStringsEachRow JSONCompactStringsEachRowWithNames
  JSONCompactStringsEachRowWithNamesAndTypes JSONCompactStringsEachRowWithProgress JSONEachRow JSONEachRowWithProgress JSONL
  JSONLines JSONObjectEachRow JSONStrings JSONStringsEachRow JSONStringsEachRowWithProgress LineAsString LineAsStringWithNames
  LineAsStringWithNamesAndTypes MD Markdown MsgPack NDJSON Native Npy Null ORC Parquet Pretty PrettyCompact
  PrettyCompactMonoBlock PrettyCompactNoEscapes PrettyCompactNoEscapesMonoBlock PrettyJSONEachRow PrettyJSONLines
  PrettyMonoBlock PrettyNDJSON PrettyNoEscapes PrettyNoEscapesMonoBlock PrettySpace PrettySpaceMonoBlock PrettySpaceNoEscapes
  PrettySpaceNoEscapesMonoBlock Prometheus Raw RawBLOB RawWithNames RawWithNamesAndTypes RowBinary RowBinaryWithNames
  RowBinaryWithNamesAndTypes SQLInsert TSKV TSV TSVRaw TSVRawWithNames TSVRawWithNamesAndTypes TSVWithNames TSVWithNamesAndTypes
  TabSeparated TabSeparatedRaw TabSeparatedRawWithNames TabSeparatedRawWithNamesAndTypes TabSeparatedWithNames
  TabSeparatedWithNamesAndTypes Values Vertical XML
`
    .trim()
    .split(/\s+/)
    .map((name) => [name.toLowerCase(), name]),
)

/** The engine's spelling of an output format that may be asked for (it takes any case), else undefined. */
export function outputFormat(name: string): string | undefined {
  return OUTPUT_FORMATS.get(name.toLowerCase())
}
