//! The server as the network meets it: a list of attacks, and the stories of clients that mean well.
//!
//! The scripts are stood in for by a thread that answers a few words; what needs plugins is shown by the whole program.

mod list;
mod rig;
mod rows;
mod stories;
mod vectors;
