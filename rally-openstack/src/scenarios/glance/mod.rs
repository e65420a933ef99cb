//! Scenarios of images.

pub mod images;
