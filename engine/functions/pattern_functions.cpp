// LIKE, regular expression operators and the regexp_ functions.
#include <re2/re2.h>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/pattern.hpp"
#include "engine/functions/utf8.hpp"
#include "repr/nested.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;

re2::StringPiece piece(Text text) {
  return {text.data(), text.size()};
}
Text view(const re2::StringPiece& piece) {
  return {piece.data(), piece.size()};
}

template <bool case_insensitive, bool negated>
void like_kernel(KernelCall& call) {
  compute<bool(Text, Text)>(call, [](Text text, Text pattern) {
    return matches_like(text, pattern, case_insensitive) != negated;
  });
}

template <bool case_insensitive, bool negated>
void regex_kernel(KernelCall& call) {
  PatternCache cache;
  compute<bool(Text, Text)>(call, [&](Text text, Text pattern) {
    return RE2::PartialMatch(piece(text), cache.get(pattern, case_insensitive)) != negated;
  });
}

// The pattern with its own escape character turned into backslashes.
void like_escape_kernel(KernelCall& call) {
  write<Text, Text>(call, [](Text pattern, Text escape, std::string& out) {
    if (utf8::length(escape) > 1) {
      throw SqlError(sqlstate::invalid_escape_sequence, "invalid escape string")
          .hint("Escape string must be empty or one character.");
    }
    for (std::size_t at = 0; at < pattern.size(); ++at) {
      if (!escape.empty() && pattern.substr(at).starts_with(escape)) {
        at += escape.size();
        if (at >= pattern.size()) {
          throw SqlError(sqlstate::invalid_escape_sequence, "unterminated escape sequence in LIKE");
        }
        out += '\\';
      } else if (pattern[at] == '\\') {
        out += '\\';
      }
      out += pattern[at];
    }
  });
}

// Group 0 is the whole match.
using Groups = std::vector<re2::StringPiece>;

bool match_at(const RE2& regex, Text text, std::size_t from, Groups& groups) {
  groups.resize(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  return regex.Match(piece(text), from, text.size(), RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()));
}

PatternFlags flags_of(const KernelCall& call, std::size_t index, std::size_t row,
                      bool allows_global) {
  return call.size() > index ? parse_flags(call[index].bytes(row), allows_global) : PatternFlags();
}

void regexp_match_kernel(KernelCall& call) {
  PatternCache cache;
  Groups groups;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const RE2& regex =
        cache.get(call[1].bytes(row), flags_of(call, 2, row, false).case_insensitive);
    if (!match_at(regex, call[0].bytes(row), 0, groups)) {
      out.append_null();
      return;
    }
    ArrayValue array;
    for (std::size_t i = groups.size() > 1 ? 1 : 0; i < groups.size(); ++i) {
      array.elements.push_back(groups[i].data() == nullptr ? Value(Null{})
                                                           : Value(std::string(view(groups[i]))));
    }
    array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
    out.append_bytes(encode_array(Type::array_of(TypeId::text), array));
  });
}

// \1 to \9 are groups, \& the whole match.
void append_replacement(Text replacement, const Groups& groups, std::string& out) {
  for (std::size_t at = 0; at < replacement.size(); ++at) {
    if (replacement[at] != '\\' || at + 1 == replacement.size()) {
      out += replacement[at];
      continue;
    }
    const char next = replacement[++at];
    if (next == '&') {
      out += view(groups[0]);
    } else if (next >= '0' && next <= '9') {
      const auto index = static_cast<std::size_t>(next - '0');
      if (index < groups.size()) out += view(groups[index]);
    } else {
      if (next != '\\') out += '\\';
      out += next;
    }
  }
}

void regexp_replace_kernel(KernelCall& call) {
  PatternCache cache;
  Groups groups;
  std::string result;
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const PatternFlags flags = flags_of(call, 3, row, true);
    const RE2& regex = cache.get(call[1].bytes(row), flags.case_insensitive);
    const Text text = call[0].bytes(row);
    result.clear();
    std::size_t done = 0;  // copied up to here
    std::size_t from = 0;
    while (from <= text.size() && match_at(regex, text, from, groups)) {
      const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
      result += text.substr(done, begin - done);
      append_replacement(call[2].bytes(row), groups, result);
      done = begin + groups[0].size();
      from = done;
      if (!flags.global) break;
      if (groups[0].empty()) {  // on to the next character
        if (from >= text.size()) break;
        utf8::next(text, from);
        result += text.substr(done, from - done);
        done = from;
      }
    }
    result += text.substr(done);
    out.append_bytes(result);
  });
}

void regexp_split_to_array_kernel(KernelCall& call) {
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    ArrayValue array;
    const bool fold = flags_of(call, 2, row, false).case_insensitive;
    for (std::string& part : split_by_pattern(call[0].bytes(row), call[1].bytes(row), fold)) {
      array.elements.emplace_back(std::move(part));
    }
    array.dimensions = {{.length = static_cast<std::int32_t>(array.elements.size())}};
    out.append_bytes(encode_array(Type::array_of(TypeId::text), array));
  });
}

void add_operator(std::vector<Function>& out, Text symbol, Text doc, Text example, Kernel kernel) {
  out.push_back(
      operator_entry(symbol, {TypeId::text, TypeId::text}, TypeId::boolean, doc, example, kernel));
  out.push_back(operator_entry(symbol, {TypeId::bpchar, TypeId::text}, TypeId::boolean, doc,
                               example, kernel));
}

}  // namespace

std::vector<std::string> split_by_pattern(std::string_view text, std::string_view pattern,
                                          bool case_insensitive) {
  const std::shared_ptr<const RE2> regex = compile_pattern(pattern, case_insensitive);
  std::vector<std::string> parts;
  Groups groups;
  std::size_t begin = 0;
  std::size_t from = 0;
  while (from <= text.size() && match_at(*regex, text, from, groups)) {
    const auto at = static_cast<std::size_t>(groups[0].data() - text.data());
    if (groups[0].empty()) {  // splits between characters, not at the ends
      if (at >= text.size()) break;
      if (at == begin) {
        from = at;
        utf8::next(text, from);
        if (from >= text.size()) break;
        if (!match_at(*regex, text, from, groups)) break;
        if (!groups[0].empty() || static_cast<std::size_t>(groups[0].data() - text.data()) != from)
          continue;
        parts.emplace_back(text.substr(begin, from - begin));
        begin = from;
        continue;
      }
    }
    parts.emplace_back(text.substr(begin, at - begin));
    begin = from = at + groups[0].size();
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::vector<Function> pattern_functions() {
  std::vector<Function> out;
  add_operator(out, "~~", "Whether the text is LIKE the pattern.", "'abc' LIKE 'a%' = true",
               like_kernel<false, false>);
  add_operator(out, "!~~", "Whether the text is not LIKE the pattern.",
               "'abc' NOT LIKE 'b%' = true", like_kernel<false, true>);
  add_operator(out, "~~*", "Whether the text is LIKE the pattern, whatever the case.",
               "'ABC' ILIKE 'a%' = true", like_kernel<true, false>);
  add_operator(out, "!~~*", "Whether the text is not LIKE the pattern, whatever the case.",
               "'ABC' NOT ILIKE 'b%' = true", like_kernel<true, true>);
  add_operator(out, "~", "Whether the regular expression matches somewhere.", "'abc' ~ 'b.' = true",
               regex_kernel<false, false>);
  add_operator(out, "~*", "Whether the regular expression matches somewhere, whatever the case.",
               "'ABC' ~* 'b.' = true", regex_kernel<true, false>);
  add_operator(out, "!~", "Whether the regular expression matches nowhere.", "'abc' !~ 'x' = true",
               regex_kernel<false, true>);
  add_operator(out, "!~*", "Whether the regular expression matches nowhere, whatever the case.",
               "'ABC' !~* 'x' = true", regex_kernel<true, true>);
  const Function escape =
      function_entry("like_escape", {TypeId::text, TypeId::text}, TypeId::text,
                     "The LIKE pattern with its escape character turned into a backslash.",
                     "like_escape('a!%', '!') = 'a\\%'", like_escape_kernel);
  out.push_back(escape);
  out.push_back(in_schema("mz_internal", escape));
  const Type texts = Type::array_of(TypeId::text);
  const auto add = [&](Text name, std::vector<Parameter> takes, Type gives, Text doc, Text example,
                       Kernel kernel) {
    out.push_back(function_entry(name, takes, gives, doc, example, kernel));
    takes.emplace_back(TypeId::text);
    out.push_back(function_entry(name, std::move(takes), std::move(gives), doc, example, kernel));
  };
  add("regexp_match", {TypeId::text, TypeId::text}, texts,
      "The groups of the first match, or all of it.", "regexp_match('abc', 'b(.)') = '{c}'",
      regexp_match_kernel);
  add("regexp_replace", {TypeId::text, TypeId::text, TypeId::text}, TypeId::text,
      "The first match (all of them with flag g) replaced.",
      "regexp_replace('abc', 'b', 'x') = 'axc'", regexp_replace_kernel);
  add("regexp_split_to_array", {TypeId::text, TypeId::text}, texts,
      "The parts between the matches.", "regexp_split_to_array('a1b', '[0-9]') = '{a,b}'",
      regexp_split_to_array_kernel);
  return out;
}

}  // namespace tailrace::engine
