//! Quantities of Kubernetes: `500m`, `1.5`, `128Mi`, `1e3`.

use super::raw::Scalar;

/// In thousandths of a processor.
pub(super) fn millicores(quantity: &Scalar) -> Option<u64> {
    whole(amount(quantity)? * 1000.0)
}

/// In bytes.
pub(super) fn bytes(quantity: &Scalar) -> Option<u64> {
    whole(amount(quantity)?)
}

/// Rounded up, as Kubernetes does it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds are looked at before"
)]
fn whole(amount: f64) -> Option<u64> {
    // A third of a hundredth would be rounded up to one because of how fractions are kept.
    let amount = (amount * 1e6).round() / 1e6;
    (0.0..9e15).contains(&amount).then(|| amount.ceil() as u64)
}

fn amount(quantity: &Scalar) -> Option<f64> {
    let text = quantity.text();
    let (number, factor) = match split(&text) {
        (number, "") => (number, 1.0),
        (number, suffix) => (number, factor(suffix)?),
    };
    let is_number = number.bytes().any(|byte| byte.is_ascii_digit());
    let amount: f64 = number.parse().ok().filter(|_| is_number)?;
    Some(amount * factor)
}

/// The number, and the letters behind it; an exponent is part of the number.
fn split(text: &str) -> (&str, &str) {
    let suffix = text.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let is_exponent = suffix.len() > 1 && suffix.starts_with(['e', 'E']);
    if is_exponent {
        return (text, "");
    }
    text.split_at(text.len() - suffix.len())
}

fn factor(suffix: &str) -> Option<f64> {
    Some(match suffix {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024_f64.powi(2),
        "Gi" => 1024_f64.powi(3),
        "Ti" => 1024_f64.powi(4),
        "Pi" => 1024_f64.powi(5),
        "Ei" => 1024_f64.powi(6),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{bytes, millicores};
    use crate::probe::cluster::raw::Scalar;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let text = |text: &str| Scalar::Text(text.to_owned());
        for (quantity, thousandths) in [
            (text("500m"), Some(500)),
            (text("0.1"), Some(100)),
            (text("1.5"), Some(1500)),
            (Scalar::Whole(2), Some(2000)),
            (Scalar::Fraction(0.25), Some(250)),
            (text("100u"), Some(1)),
            (text("-1"), None),
            (text("much"), None),
            (text(""), None),
            (text("inf"), None),
        ] {
            assert_eq!(millicores(&quantity), thousandths, "{quantity:?}");
        }
        for (quantity, number) in [
            (text("128Mi"), Some(134_217_728)),
            (text("1G"), Some(1_000_000_000)),
            (text("1e3"), Some(1000)),
            (text("1E"), None),
            (text("1Gi"), Some(1_073_741_824)),
            (text("400m"), Some(1)),
            (Scalar::Whole(1024), Some(1024)),
            (text("12 Mi"), None),
            (text("1GB"), None),
        ] {
            assert_eq!(bytes(&quantity), number, "{quantity:?}");
        }
    }
}
