//! One id, several classes: which one is meant.
//!
//! Thread: any. Invariant: of all usable cards of an id exactly one is not shadowed – the newest version, then the one in
//! the better folder, then the first by path. A blocked card shadows nobody.

use super::card::{Card, State};
use std::{
    cmp::{Ordering, Reverse},
    collections::HashMap,
    path::PathBuf,
};

/// `[any]` Marks the cards that lose. `rank` is the position of a card's folder, counted from the best.
pub(super) fn shadow(cards: &mut [Card], rank: impl Fn(&Card) -> usize) {
    let mut winners: HashMap<String, usize> = HashMap::new();
    for (index, card) in cards.iter().enumerate() {
        if card.state != State::Ok {
            continue;
        }
        winners
            .entry(card.info.id.0.clone())
            .and_modify(|winner| {
                let best = &cards[*winner];
                let order = compare_versions(&card.info.version, &best.info.version)
                    .then_with(|| Reverse(rank(card)).cmp(&Reverse(rank(best))))
                    .then_with(|| best.info.path.cmp(&card.info.path));
                if order == Ordering::Greater {
                    *winner = index;
                }
            })
            .or_insert(index);
    }
    let shadows: Vec<Option<PathBuf>> = cards
        .iter()
        .enumerate()
        .map(|(index, card)| {
            let winner = winners.get(&card.info.id.0)?;
            (card.state == State::Ok && *winner != index).then(|| cards[*winner].info.path.clone())
        })
        .collect();
    for (card, shadowed_by) in cards.iter_mut().zip(shadows) {
        card.shadowed_by = shadowed_by;
    }
}

/// `[any]` Compares version texts as people write them: numbers by value, missing ones are 0, a word ("beta") before
/// nothing.
pub(super) fn compare_versions(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    for index in 0..a.len().max(b.len()) {
        let order = match (a.get(index), b.get(index)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(a), None) => a.cmp(&Part::Number(0)),
            (None, Some(b)) => Part::Number(0).cmp(b),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Words sort before numbers: 1.0beta < 1.0 = 1.0.0 < 1.0.1.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(String),
    Number(u64),
}

fn parts(version: &str) -> Vec<Part> {
    let version = version.trim().trim_start_matches(['v', 'V']);
    let mut parts = Vec::new();
    for piece in version.split(|char: char| !char.is_alphanumeric()) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|char: char| char.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (piece, next) = rest.split_at(end);
            parts.push(if digits {
                Part::Number(piece.parse().unwrap_or(u64::MAX))
            } else {
                Part::Word(piece.to_lowercase())
            });
            rest = next;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_people_mean_them() {
        let rising = ["", "0.9", "1.0-beta", "1.0-beta2", "1.0", "1.0.1", "v1.2", "1.10", "2", "2.0.0.1", "10.0"];
        for pair in rising.windows(2) {
            assert_eq!(compare_versions(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare_versions(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(compare_versions("1.0", "1.0.0"), Ordering::Equal);
        assert_eq!(compare_versions("99999999999999999999999", "1"), Ordering::Greater);
    }
}
