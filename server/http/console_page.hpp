// The console: one page that runs SQL through /api/sql and shows the results.
#pragma once

#include <string_view>

namespace tailrace::server {

extern const std::string_view console_page;

}  // namespace tailrace::server
