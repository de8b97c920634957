//! What clients that mean well can rely on.

mod coming_back;
mod doors;
mod events;
mod life;
mod pairing;
