// The query of a request's target.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tailrace::server {

// Decoded; nothing if the target has no such parameter.
std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

}  // namespace tailrace::server
