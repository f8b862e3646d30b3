//! The plot: for each variant a line from min to p95 with p25..median as a bar, on a logarithmic axis.

use std::fmt::Write as _;

use crate::measure::Figures;
use crate::stats::Summary;
use crate::variant::{Group, Variant};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 260.0;
const ROW: f64 = 22.0;
/// The marks of the axis, in ms; the first and the last are its ends.
const MARKS: [f64; 9] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The plot of all groups as one SVG document.
pub(crate) fn svg(variants: &[Variant], figures: &[Figures]) -> String {
    let mut body = String::new();
    let mut y = 40.0;
    for group in Group::ALL {
        let mut rows: Vec<(&Variant, Summary)> = variants
            .iter()
            .zip(figures)
            .filter(|(v, _)| v.group == group)
            .filter_map(|(v, f)| Some((v, f.hot()?)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by(|(_, a), (_, b)| a.p25.total_cmp(&b.p25));
        let _ = writeln!(body, r#"<text x="8" y="{y}" font-weight="bold">{}</text>"#, escape(group.title()));
        y += ROW;
        let floor = rows.iter().find(|(v, _)| v.floor).map(|(_, s)| *s);
        let bottom = y + ROW * rows.len() as f64;
        marks(&mut body, y - 12.0, bottom - 10.0, floor);
        for (variant, summary) in rows {
            bar(&mut body, y, variant, summary);
            y += ROW;
        }
        y += ROW;
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="18">ms of one launch: line from min to p95, bar from p25 to median; dashed: p25 of the floor</text>
{body}</svg>
"##
    )
}

fn x(ms: f64) -> f64 {
    let (low, high) = (MARKS[0].ln(), MARKS[MARKS.len() - 1].ln());
    LEFT + (WIDTH - LEFT - 60.0) * ((ms.ln() - low) / (high - low)).clamp(0.0, 1.0)
}

fn marks(body: &mut String, top: f64, bottom: f64, floor: Option<Summary>) {
    for ms in MARKS {
        let at = x(ms);
        let _ = writeln!(body, r##"<line x1="{at:.1}" x2="{at:.1}" y1="{top}" y2="{bottom}" stroke="#dddddd"/>"##);
        let _ =
            writeln!(body, r##"<text x="{at:.1}" y="{}" fill="#888888" font-size="10">{ms}</text>"##, bottom + 10.0);
    }
    if let Some(floor) = floor {
        let at = x(floor.p25);
        let _ = writeln!(
            body,
            r##"<line x1="{at:.1}" x2="{at:.1}" y1="{top}" y2="{bottom}" stroke="#000000" stroke-dasharray="4 3"/>"##
        );
    }
}

fn bar(body: &mut String, y: f64, variant: &Variant, s: Summary) {
    let colour = match variant {
        v if v.floor => "#555555",
        v if v.name.starts_with("launch") => "#d9480f",
        _ => "#1971c2",
    };
    let middle = y - 4.0;
    let _ = writeln!(body, r#"<text x="{}" y="{y}" text-anchor="end">{}</text>"#, LEFT - 8.0, escape(&variant.name));
    let _ = writeln!(
        body,
        r#"<line x1="{:.1}" x2="{:.1}" y1="{middle}" y2="{middle}" stroke="{colour}"/><rect x="{:.1}" y="{}" width="{:.1}" height="10" fill="{colour}"/>"#,
        x(s.min),
        x(s.p95),
        x(s.p25),
        middle - 5.0,
        (x(s.median) - x(s.p25)).max(2.0),
    );
    let _ = writeln!(body, r#"<text x="{:.1}" y="{y}" font-size="11">{:.2}</text>"#, x(s.p95) + 6.0, s.p25);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A line over a logarithmic axis: p25 with a whisker up to p95 for each point.
pub(crate) fn line(x_title: &str, y_title: &str, points: &[(f64, Summary)]) -> String {
    const HEIGHT: f64 = 320.0;
    let top = points.iter().map(|(_, s)| s.p95).fold(1.0, f64::max);
    let last = points.last().map_or(2.0, |(n, _)| n.max(2.0));
    let x = |n: f64| 60.0 + (WIDTH - 120.0) * n.ln() / last.ln();
    let y = |ms: f64| HEIGHT - 50.0 - (HEIGHT - 90.0) * ms / top;
    let mut body = String::new();
    let path: Vec<String> = points.iter().map(|(n, s)| format!("{:.1},{:.1}", x(*n), y(s.p25))).collect();
    let _ =
        writeln!(body, r##"<polyline points="{}" fill="none" stroke="#d9480f" stroke-width="2"/>"##, path.join(" "));
    for (n, s) in points {
        let at = x(*n);
        let _ = writeln!(
            body,
            r##"<line x1="{at:.1}" x2="{at:.1}" y1="{:.1}" y2="{:.1}" stroke="#d9480f"/>"##,
            y(s.p25),
            y(s.p95)
        );
        let _ = writeln!(body, r#"<text x="{at:.1}" y="{:.1}" font-size="11">{:.2}</text>"#, y(s.p25) + 16.0, s.p25);
        let _ =
            writeln!(body, r##"<text x="{at:.1}" y="{:.1}" fill="#888888" font-size="10">{n}</text>"##, HEIGHT - 30.0);
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="18">{}</text><text x="60" y="{}">{}</text>
{body}</svg>
"##,
        escape(y_title),
        HEIGHT - 10.0,
        escape(x_title)
    )
}
