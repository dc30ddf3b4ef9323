// The name that somebody probably meant: for hints.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::catalog {

// The candidate within a small edit distance of `name`, or "" if there is none that close.
std::string closest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace tailrace::catalog
