//! L2 · context menus.
