// Lines for the log of the host; in tests, standard error. The host limits lines and bytes: a line for
// each row is too much for it.
#pragma once

#include <string>

#include "guest.h"

namespace tidemill::log {

inline void debug(const std::string& line) { tm_log(TM_DEBUG, line.c_str()); }
inline void info(const std::string& line) { tm_log(TM_INFO, line.c_str()); }
inline void warn(const std::string& line) { tm_log(TM_WARN, line.c_str()); }
inline void error(const std::string& line) { tm_log(TM_ERROR, line.c_str()); }

}  // namespace tidemill::log
