// The configuration of a stage, read into a struct.
//
//     TM_CONFIG(settings, (double threshold, bool strict)) = {.threshold = 30.0};
//
// makes a variable of that name. Settings that are left out keep the value given here. A key that is not
// listed is refused when the pipeline starts, and so is a value of another type. Settings may be `bool`,
// `int32_t`, `int64_t`, `float`, `double` and `tm_text`.
#ifndef TIDEMILL_CONFIG_H
#define TIDEMILL_CONFIG_H

#ifdef __wasm__

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  tm_list name;
  uint8_t type;
  void *value;
} tm_setting;

// Reads a JSON object into the settings.
void tm_read_settings(tm_call *call, tm_list json, const tm_setting *settings, uint32_t count);

#ifdef __cplusplus
}
#endif

#define TM_CONFIG(name, settings)                                                                  \
  TM_STRUCT(name##_type, settings)                                                                 \
  static name##_type name;                                                                         \
  static void name##_read(tm_call *call, tm_list json) {                                           \
    const tm_setting all[] = {TM_EACH(TM_SETTING, name, settings)};                                \
    tm_read_settings(call, json, all, TM_COUNT(settings));                                         \
  }                                                                                                \
  __attribute__((constructor)) static void name##_register(void) {                                 \
    tm_register_config(name##_read);                                                               \
  }                                                                                                \
  static name##_type name
#define TM_SETTING(c, i, x) TM_SPLIT(TM_SETTING_, c, i, x)
#define TM_SETTING_(c, i, type, name) {{#name, sizeof #name - 1}, TM_SETTING_##type, &c.name},
#define TM_SETTING_boolean TM_BOOLEAN
#define TM_SETTING_int32 TM_INT32
#define TM_SETTING_int64 TM_INT64
#define TM_SETTING_float32 TM_FLOAT32
#define TM_SETTING_float64 TM_FLOAT64
#define TM_SETTING_utf8 TM_UTF8

#else

#define TM_CONFIG(name, settings)                                                                  \
  TM_STRUCT(name##_type, settings)                                                                 \
  static name##_type name

#endif

#endif
