// Regular expressions (RE2) and LIKE patterns, compiled once per distinct pattern of a batch.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace tailrace::engine {

// Flags as in regexp_match: i, c (the last wins), g where `allows_global`. Throws 2201B, 22023.
struct PatternFlags {
  bool case_insensitive = false;
  bool global = false;
};
PatternFlags parse_flags(std::string_view flags, bool allows_global);

// Throws 2201B.
std::shared_ptr<const re2::RE2> compile_pattern(std::string_view pattern, bool case_insensitive);

// Remembers the last pattern: most calls have just one.
class PatternCache {
 public:
  const re2::RE2& get(std::string_view pattern, bool case_insensitive);

 private:
  std::string pattern_;
  bool case_insensitive_ = false;
  std::shared_ptr<const re2::RE2> compiled_;
};

// The parts of the text between the matches.
std::vector<std::string> split_by_pattern(std::string_view text, std::string_view pattern,
                                          bool case_insensitive);

// LIKE: % any characters, _ one, \ takes the next as it is. Throws 22025 for a \ at the end.
bool matches_like(std::string_view text, std::string_view pattern, bool case_insensitive);

}  // namespace tailrace::engine
