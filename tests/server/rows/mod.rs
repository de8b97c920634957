//! The list of attacks, row by row; the number in a test's name is the number of the row.

mod flood;
mod gate;
mod identity;
mod messages;
mod place;
