//! L0 · pairing: one page at a time, few tries, and no storm of questions.
//!
//! Thread: any. Invariant: a page that was refused asks nobody again for a while, whatever it does.
//! Deliberately absent: clocks, chance, texts.

use super::code;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How pairing is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A question stands for so long.
    pub stands: Duration,
    /// Codes that may be tried.
    pub tries: u32,
    /// So long a refused page asks nobody.
    pub quiet: Duration,
    /// So many questions of a page may go without an answer within `quiet`.
    pub unanswered: usize,
}

impl Default for Rules {
    fn default() -> Self {
        let quiet = Duration::from_secs(600);
        Self { stands: Duration::from_secs(120), tries: 5, quiet, unanswered: 3 }
    }
}

/// Why a page may not ask now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// Another page is asking.
    Busy,
    /// It was refused a short while ago, or asks too often.
    Quiet,
}

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was right; the question is answered.
    Right,
    /// It was wrong.
    Wrong {
        /// Tries that are left.
        left: u32,
    },
    /// It was wrong once too often; the question is void, and counts as refused.
    Void,
    /// The question does not stand any more.
    Over,
}

#[derive(Debug)]
struct Question {
    number: u64,
    origin: String,
    code: String,
    left: u32,
    until: Instant,
}

/// The one question that may stand, and who was refused.
#[derive(Debug)]
pub struct Pairing {
    rules: Rules,
    next: u64,
    question: Option<Question>,
    refused: HashMap<String, Instant>,
    asked: HashMap<String, Vec<Instant>>,
}

impl Pairing {
    /// `[any]` Nobody asks.
    pub fn new(rules: Rules) -> Self {
        Self { rules, next: 1, question: None, refused: HashMap::new(), asked: HashMap::new() }
    }

    /// `[any]` A page asks; the number of its question.
    pub fn ask(&mut self, origin: &str, code: String, now: Instant) -> Result<u64, No> {
        let quiet = self.rules.quiet;
        if self.refused.get(origin).is_some_and(|then| now.duration_since(*then) < quiet) {
            return Err(No::Quiet);
        }
        if self.question.as_ref().is_some_and(|question| now < question.until) {
            return Err(No::Busy);
        }
        let asked = self.asked.entry(origin.to_owned()).or_default();
        asked.retain(|then| now.duration_since(*then) < quiet);
        if asked.len() >= self.rules.unanswered {
            return Err(No::Quiet);
        }
        asked.push(now);
        let number = self.next;
        self.next += 1;
        let (left, until) = (self.rules.tries, now + self.rules.stands);
        self.question = Some(Question { number, origin: origin.to_owned(), code, left, until });
        Ok(number)
    }

    /// `[any]` A page sends a code.
    pub fn try_code(&mut self, number: u64, typed: &str, now: Instant) -> Attempt {
        let Some(question) = self.question.as_mut().filter(|question| question.number == number) else {
            return Attempt::Over;
        };
        if now >= question.until {
            self.question = None;
            return Attempt::Over;
        }
        if code::same(&question.code, typed) {
            self.asked.remove(&question.origin);
            self.question = None;
            return Attempt::Right;
        }
        question.left = question.left.saturating_sub(1);
        match question.left {
            0 => {
                self.refuse(now);
                Attempt::Void
            }
            left => Attempt::Wrong { left },
        }
    }

    /// `[any]` The person says no; the number of the question that was refused.
    pub fn refuse(&mut self, now: Instant) -> Option<u64> {
        let question = self.question.take()?;
        self.refused.insert(question.origin, now);
        Some(question.number)
    }

    /// `[any]` A question ends without an answer: its time is over, or its page went.
    pub fn drop_question(&mut self, number: u64) {
        if self.question.as_ref().is_some_and(|question| question.number == number) {
            self.question = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ask(pairing: &mut Pairing, origin: &str, now: Instant) -> Result<u64, No> {
        pairing.ask(origin, "123456".to_owned(), now)
    }

    #[test]
    fn one_page_asks_at_a_time_for_two_minutes() {
        let (mut pairing, start) = (Pairing::new(Rules::default()), Instant::now());
        let number = ask(&mut pairing, "a", start).unwrap();
        assert_eq!(ask(&mut pairing, "b", start + 119 * SECOND), Err(No::Busy));
        assert_eq!(pairing.try_code(number, "123456", start + 120 * SECOND), Attempt::Over);
        let number = ask(&mut pairing, "b", start + 121 * SECOND).unwrap();
        assert_eq!(pairing.try_code(number - 1, "123456", start + 122 * SECOND), Attempt::Over);
        assert_eq!(pairing.try_code(number, "123456", start + 122 * SECOND), Attempt::Right);
        assert_eq!(pairing.try_code(number, "123456", start + 123 * SECOND), Attempt::Over);
    }

    #[test]
    fn five_wrong_codes_are_a_refusal_that_lasts_ten_minutes() {
        let (mut pairing, start) = (Pairing::new(Rules::default()), Instant::now());
        let number = ask(&mut pairing, "a", start).unwrap();
        for left in (1..5).rev() {
            assert_eq!(pairing.try_code(number, "000000", start), Attempt::Wrong { left });
        }
        assert_eq!(pairing.try_code(number, "000000", start), Attempt::Void);
        assert_eq!(pairing.try_code(number, "123456", start), Attempt::Over);
        assert_eq!(ask(&mut pairing, "a", start + 599 * SECOND), Err(No::Quiet));
        assert!(ask(&mut pairing, "b", start + SECOND).is_ok());
        assert!(ask(&mut pairing, "a", start + 600 * SECOND).is_ok());
    }

    #[test]
    fn a_page_that_only_asks_becomes_quiet() {
        let (mut pairing, start) = (Pairing::new(Rules::default()), Instant::now());
        for n in 0..3 {
            let number = ask(&mut pairing, "a", start + n * SECOND).unwrap();
            pairing.drop_question(number);
        }
        assert_eq!(ask(&mut pairing, "a", start + 9 * SECOND), Err(No::Quiet));
        assert!(ask(&mut pairing, "b", start + 9 * SECOND).is_ok());
        assert!(pairing.refuse(start + 10 * SECOND).is_some() && pairing.refuse(start + 10 * SECOND).is_none());
        assert_eq!(ask(&mut pairing, "b", start + 11 * SECOND), Err(No::Quiet));
    }
}
