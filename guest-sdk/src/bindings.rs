//! What `wit_bindgen` makes of the contract. Nothing here is written by hand, and no author needs it.

wit_bindgen::generate!({
    path: "../wit",
    world: "library",
    pub_export_macro: true,
    export_macro_name: "export",
    default_bindings_module: "tidemill_sdk::bindings",
    additional_derives: [PartialEq],
});
