// What the server has to say to who runs it: lines on stderr. Thread-safe.
#pragma once

#include <string_view>

namespace tailrace::server {

// trace, debug, info, warn, error, off.
void start_log(std::string_view level);
void log(std::string_view level, std::string_view message);

}  // namespace tailrace::server
