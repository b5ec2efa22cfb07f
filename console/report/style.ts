/** The report's style: light, calm, fit for paper. */
export const STYLE = `
:root{--ink:#1b1f24;--soft:#5b6570;--line:#d9dee3;--accent:#1f5fa8;--bad:#b3261e;--good:#2b6e44;--band:#f6d9d6}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:15px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:980px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 4px}
h2{font-size:19px;margin:40px 0 12px;padding-top:12px;border-top:2px solid var(--ink)}
h3{font-size:15px;margin:16px 0 8px}
p{margin:8px 0}
.verdict{font-size:19px;font-weight:600;margin:20px 0 0}
.soft{color:var(--soft)}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:16px;margin:24px 0 8px}
.numbers b{display:block;font-size:26px;line-height:1.2;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:6px 8px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);font-size:13px}
td.n,th.n{text-align:right;white-space:nowrap}
tfoot td{font-weight:600;border-bottom:0}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:0 28px}
figure{margin:16px 0}figcaption{font-weight:600;font-size:13px;color:var(--soft)}
svg{width:100%;height:auto;display:block}
svg text{font-size:11px;fill:var(--soft)}
.grid{stroke:var(--line)}.line{fill:none;stroke:var(--accent);stroke-width:1.6}.area{fill:var(--accent);opacity:.1}.dot{fill:var(--accent)}
.band{fill:var(--band)}.change{stroke:var(--ink);stroke-dasharray:2 3}.goal{stroke:var(--bad);stroke-dasharray:5 4}
a{color:var(--accent)}
summary{cursor:pointer;color:var(--accent);padding:12px 0}
ol{padding-left:20px}li{margin:6px 0}
@media (max-width:600px){main{padding:16px}h1{font-size:24px}thead{display:none}svg{overflow:visible}svg text{font-size:24px}table,tbody,tfoot{display:block}tr{display:grid;grid-template-columns:repeat(auto-fit,minmax(96px,1fr));gap:0 8px;padding:6px 0;border-bottom:1px solid var(--line)}td,td.n{display:block;text-align:left;border:0;padding:2px 0;white-space:normal;overflow-wrap:anywhere}td:first-child,td:nth-child(2),td:has(.wide){grid-column:1/-1}td:empty{display:none}td[data-head]:not([data-head=""]):not(:first-child)::before{content:attr(data-head);display:block;font-size:12px;color:var(--soft);font-weight:400}}
@media print{details::details-content{content-visibility:visible;height:auto}summary{display:none}main{max-width:none;padding:0}h2{break-after:avoid}tr,figure,li{break-inside:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{margin:16mm}}
`
