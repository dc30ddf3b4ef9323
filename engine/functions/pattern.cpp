#include "engine/functions/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/functions/utf8.hpp"
#include "repr/error.hpp"

namespace tailrace::engine {

PatternFlags parse_flags(std::string_view flags, bool allows_global) {
  PatternFlags result;
  for (const char flag : flags) {
    if (flag == 'i') {
      result.case_insensitive = true;
    } else if (flag == 'c') {
      result.case_insensitive = false;
    } else if (flag == 'g' && allows_global) {
      result.global = true;
    } else {
      throw SqlError(sqlstate::invalid_parameter_value,
                     fmt::format("invalid regular expression flag: {}", flag));
    }
  }
  return result;
}

std::shared_ptr<const re2::RE2> compile_pattern(std::string_view pattern, bool case_insensitive) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_case_sensitive(!case_insensitive);
  options.set_dot_nl(true);  // as PostgreSQL: a dot matches a line break
  auto compiled =
      std::make_shared<const RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) {
    throw SqlError(sqlstate::invalid_regular_expression,
                   fmt::format("invalid regular expression: {}", compiled->error()));
  }
  return compiled;
}

const re2::RE2& PatternCache::get(std::string_view pattern, bool case_insensitive) {
  if (compiled_ == nullptr || pattern != pattern_ || case_insensitive != case_insensitive_) {
    compiled_ = compile_pattern(pattern, case_insensitive);
    pattern_ = pattern;
    case_insensitive_ = case_insensitive;
  }
  return *compiled_;
}

namespace {

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// A LIKE pattern as a regular expression, for case-insensitive matches beyond ASCII.
std::string to_regex(std::string_view pattern) {
  std::string regex = "^";
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '%') {
      regex += ".*";
    } else if (c == '_') {
      regex += '.';
    } else {
      if (c == '\\' && at + 1 < pattern.size()) c = pattern[++at];
      const bool special = std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos;
      if (special) regex += '\\';
      regex += c;
    }
  }
  return regex + "$";
}

}  // namespace

bool matches_like(std::string_view text, std::string_view pattern, bool case_insensitive) {
  // A backslash that escapes nothing is an error whatever the text.
  std::size_t backslashes = 0;
  while (backslashes < pattern.size() && pattern[pattern.size() - 1 - backslashes] == '\\')
    ++backslashes;
  if (backslashes % 2 == 1) {
    throw SqlError(sqlstate::invalid_escape_sequence, "unterminated escape sequence in LIKE");
  }
  if (case_insensitive && !(is_ascii(text) && is_ascii(pattern))) {
    thread_local PatternCache cache;
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                             cache.get(to_regex(pattern), true));
  }
  // Greedy with one point to come back to: the last % seen.
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t after_percent = std::string_view::npos;
  std::size_t text_at_percent = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      after_percent = ++p;
      text_at_percent = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      utf8::next(text, t);
      ++p;
      continue;
    }
    if (p < pattern.size()) {
      const std::size_t literal = pattern[p] == '\\' ? p + 1 : p;
      const bool same = case_insensitive ? folded(pattern[literal]) == folded(text[t])
                                         : pattern[literal] == text[t];
      if (same) {
        p = literal + 1;
        ++t;
        continue;
      }
    }
    if (after_percent == std::string_view::npos) return false;
    p = after_percent;
    utf8::next(text, text_at_percent);
    t = text_at_percent;
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace tailrace::engine
