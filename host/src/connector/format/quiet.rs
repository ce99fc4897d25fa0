//! Panics of others that are caught here, and that nobody is to be told of as panics: what they mean is said as an
//! error.

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

thread_local! {
    /// Whether this thread is in [`caught`].
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `call` gives; `None` if it panics. No panic hook hears of that; those of other threads are heard meanwhile.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                before(panic);
            }
        }));
    });
    let was_quiet = IS_QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    IS_QUIET.set(was_quiet);
    result.ok()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn only_the_thread_that_is_in_it_is_quiet_and_only_as_long() {
        let heard = || !IS_QUIET.get();
        assert!(heard());
        let inside = caught(|| {
            assert_eq!(caught(|| panic!("nobody hears this")), None::<()>);
            let other = thread::spawn(heard).join().expect("no panic");
            (heard(), other)
        });
        assert_eq!(inside, Some((false, true)));
        assert_eq!(caught(|| panic!("nor this")), None::<()>);
        assert!(heard());
    }
}
