//! One thing for each side of a join.

use std::ops::{Index, IndexMut};

use crate::operator::Side;

/// One of the left input, one of the right.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Both<T> {
    pub(super) left: T,
    pub(super) right: T,
}

impl<T> Both<T> {
    pub(super) const SIDES: [Side; 2] = [Side::Left, Side::Right];
}

impl<T> Index<Side> for Both<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }
}

impl<T> IndexMut<Side> for Both<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }
}

/// The side that rows of `side` meet.
pub(super) const fn opposite(side: Side) -> Side {
    match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
    }
}
