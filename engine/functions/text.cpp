// Strings: lengths, parts, padding, case, search and replacement. Positions count characters,
// from 1.
#include <fmt/format.h>
#include <locale.h>
#include <wctype.h>

#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "engine/functions/utf8.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;

constexpr std::size_t bytes_max = 100 << 20;

void check_size(std::size_t bytes) {
  if (bytes > bytes_max)
    throw SqlError(sqlstate::program_limit_exceeded, "requested length too large");
}

[[noreturn]] void throw_invalid(std::string message) {
  throw SqlError(sqlstate::invalid_parameter_value, std::move(message));
}

locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

char32_t to_upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 32 : c;
  return static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), unicode()));
}
char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), unicode()));
}
bool is_alphanumeric(char32_t c) {
  return iswalnum_l(static_cast<wint_t>(c), unicode()) != 0;
}

template <char32_t (*convert)(char32_t)>
void case_kernel(KernelCall& call) {
  write<Text>(call, [](Text text, std::string& out) {
    for (std::size_t at = 0; at < text.size();) utf8::append(out, convert(utf8::next(text, at)));
  });
}

void initcap_kernel(KernelCall& call) {
  write<Text>(call, [](Text text, std::string& out) {
    bool inside = false;
    for (std::size_t at = 0; at < text.size();) {
      const char32_t c = utf8::next(text, at);
      utf8::append(out, inside ? to_lower(c) : to_upper(c));
      inside = is_alphanumeric(c);
    }
  });
}

void reverse_kernel(KernelCall& call) {
  write<Text>(call, [](Text text, std::string& out) {
    std::size_t end = text.size();
    while (end > 0) {
      std::size_t begin = end - 1;
      while (begin > 0 && utf8::is_continuation(text[begin])) --begin;
      out += text.substr(begin, end - begin);
      end = begin;
    }
  });
}

void chr_kernel(KernelCall& call) {
  write<std::int32_t>(call, [](std::int32_t code, std::string& out) {
    if (code == 0) throw SqlError(sqlstate::program_limit_exceeded, "null character not permitted");
    if (code < 0 || code > 0x10FFFF) {
      throw SqlError(sqlstate::program_limit_exceeded,
                     fmt::format("requested character too large for encoding: {}", code));
    }
    if (code >= 0xD800 && code <= 0xDFFF) {
      throw SqlError(sqlstate::program_limit_exceeded,
                     fmt::format("requested character not valid for encoding: {}", code));
    }
    utf8::append(out, static_cast<char32_t>(code));
  });
}

// Characters [first, first + count).
Text characters(Text text, std::size_t first, std::size_t count) {
  const Text rest = text.substr(utf8::offset_of(text, first));
  return rest.substr(0, utf8::offset_of(rest, count));
}

Text left_part(Text text, std::int64_t count) {
  if (count >= 0) return characters(text, 0, static_cast<std::size_t>(count));
  const auto length = static_cast<std::int64_t>(utf8::length(text));
  return characters(text, 0, static_cast<std::size_t>(std::max<std::int64_t>(0, length + count)));
}

Text right_part(Text text, std::int64_t count) {
  const auto length = static_cast<std::int64_t>(utf8::length(text));
  const std::int64_t skipped = count >= 0 ? length - count : -count;
  return text.substr(
      utf8::offset_of(text, static_cast<std::size_t>(std::max<std::int64_t>(0, skipped))));
}

Text substring(Text text, std::int64_t start, std::int64_t length) {
  if (length < 0) throw_invalid("negative substring length not allowed");
  const std::int64_t end = start + length;  // both fit: they come from int4
  if (end <= 1) return {};
  const std::int64_t first = std::max<std::int64_t>(start, 1);
  return characters(text, static_cast<std::size_t>(first - 1),
                    static_cast<std::size_t>(end - first));
}

void left_pad(Text text, std::int64_t length, Text fill, std::string& out) {
  if (length < 0) throw_invalid("requested length must not be negative");
  check_size(static_cast<std::size_t>(length));
  const auto wanted = static_cast<std::size_t>(length);
  const std::size_t have = utf8::length(text);
  if (have < wanted && !fill.empty()) {
    const std::size_t missing = wanted - have;
    const std::size_t fill_length = utf8::length(fill);
    check_size((missing / fill_length + 1) * fill.size());
    for (std::size_t i = 0; i < missing / fill_length; ++i) out += fill;
    out += characters(fill, 0, missing % fill_length);
  }
  out += characters(text, 0, wanted);
}

bool contains_character(Text set, Text character) {
  return set.find(character) != Text::npos;
}

Text trim_left(Text text, Text set) {
  while (!text.empty()) {
    std::size_t size = 0;
    utf8::next(text, size);
    if (!contains_character(set, text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  return text;
}

Text trim_right(Text text, Text set) {
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && utf8::is_continuation(text[begin])) --begin;
    if (!contains_character(set, text.substr(begin))) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

Text trim_both(Text text, Text set) {
  return trim_right(trim_left(text, set), set);
}

template <Text (*trim)(Text, Text)>
void trim_kernel(KernelCall& call) {
  if (call.size() == 1) {
    write<Text>(call, [](Text text, std::string& out) { out += trim(text, " "); });
  } else {
    write<Text, Text>(call, [](Text text, Text set, std::string& out) { out += trim(text, set); });
  }
}

std::int32_t find_position(Text text, Text part) {
  const std::size_t at = text.find(part);
  return at == Text::npos ? 0 : static_cast<std::int32_t>(utf8::length(text.substr(0, at))) + 1;
}

void replace_kernel(KernelCall& call) {
  write<Text, Text, Text>(call, [](Text text, Text from, Text to, std::string& out) {
    if (from.empty()) {
      out += text;
      return;
    }
    const std::size_t before = out.size();
    for (;;) {
      const std::size_t at = text.find(from);
      out += text.substr(0, at);
      if (at == Text::npos) break;
      out += to;
      check_size(out.size() - before);
      text.remove_prefix(at + from.size());
    }
  });
}

void translate_kernel(KernelCall& call) {
  write<Text, Text, Text>(call, [](Text text, Text from, Text to, std::string& out) {
    std::u32string sources;
    std::u32string targets;
    for (std::size_t at = 0; at < from.size();) sources += utf8::next(from, at);
    for (std::size_t at = 0; at < to.size();) targets += utf8::next(to, at);
    for (std::size_t at = 0; at < text.size();) {
      const char32_t c = utf8::next(text, at);
      const std::size_t index = sources.find(c);
      if (index == std::u32string::npos) {
        utf8::append(out, c);
      } else if (index < targets.size()) {
        utf8::append(out, targets[index]);
      }
    }
  });
}

void repeat_kernel(KernelCall& call) {
  write<Text, std::int32_t>(call, [](Text text, std::int32_t count, std::string& out) {
    if (count <= 0 || text.empty()) return;
    check_size(text.size() * static_cast<std::size_t>(count));
    for (std::int32_t i = 0; i < count; ++i) out += text;
  });
}

void split_part_kernel(KernelCall& call) {
  write<Text, Text, std::int32_t>(
      call, [](Text text, Text delimiter, std::int32_t index, std::string& out) {
        if (index <= 0) throw_invalid("field position must be greater than zero");
        if (delimiter.empty()) {
          if (index == 1) out += text;
          return;
        }
        for (;;) {
          const std::size_t at = text.find(delimiter);
          if (--index == 0) {
            out += text.substr(0, at);
            return;
          }
          if (at == Text::npos) return;
          text.remove_prefix(at + delimiter.size());
        }
      });
}

void add_lengths(std::vector<Function>& out) {
  for (const Text name : {"length", "char_length", "character_length"}) {
    out.push_back(
        infallible(function_entry(name, {TypeId::text}, TypeId::int4, "How many characters.",
                                  "length('añb') = 3", [](KernelCall& call) {
                                    compute<std::int32_t(Text)>(call, [](Text text) noexcept {
                                      return static_cast<std::int32_t>(utf8::length(text));
                                    });
                                  })));
  }
  out.push_back(
      infallible(function_entry("octet_length", {TypeId::text}, TypeId::int4, "How many bytes.",
                                "octet_length('añb') = 4", [](KernelCall& call) {
                                  compute<std::int32_t(Text)>(call, [](Text text) noexcept {
                                    return static_cast<std::int32_t>(text.size());
                                  });
                                })));
  out.push_back(
      infallible(function_entry("bit_length", {TypeId::text}, TypeId::int4, "How many bits.",
                                "bit_length('ab') = 16", [](KernelCall& call) {
                                  compute<std::int32_t(Text)>(call, [](Text text) noexcept {
                                    return static_cast<std::int32_t>(text.size() * 8);
                                  });
                                })));
  out.push_back(infallible(function_entry(
      "ascii", {TypeId::text}, TypeId::int4, "The code point of the first character, 0 for none.",
      "ascii('a') = 97", [](KernelCall& call) {
        compute<std::int32_t(Text)>(call, [](Text text) noexcept {
          std::size_t at = 0;
          return text.empty() ? 0 : static_cast<std::int32_t>(utf8::next(text, at));
        });
      })));
  out.push_back(function_entry("chr", {TypeId::int4}, TypeId::text,
                               "The character of the code point.", "chr(97) = 'a'", chr_kernel));
}

void add_parts(std::vector<Function>& out) {
  out.push_back(infallible(function_entry(
      "left", {TypeId::text, TypeId::int4}, TypeId::text,
      "The first n characters; all but the last n if it is negative.", "left('abc', 2) = 'ab'",
      [](KernelCall& call) {
        write<Text, std::int32_t>(
            call, [](Text text, std::int32_t n, std::string& to) { to += left_part(text, n); });
      })));
  out.push_back(infallible(function_entry(
      "right", {TypeId::text, TypeId::int4}, TypeId::text,
      "The last n characters; all but the first n if it is negative.", "right('abc', 2) = 'bc'",
      [](KernelCall& call) {
        write<Text, std::int32_t>(
            call, [](Text text, std::int32_t n, std::string& to) { to += right_part(text, n); });
      })));
  for (const Text name : {"substring", "substr"}) {
    out.push_back(infallible(function_entry(
        name, {TypeId::text, TypeId::int4}, TypeId::text, "The characters from a position on.",
        "substring('abc', 2) = 'bc'", [](KernelCall& call) {
          write<Text, std::int32_t>(call, [](Text text, std::int32_t start, std::string& to) {
            to += text.substr(
                utf8::offset_of(text, start <= 1 ? 0 : static_cast<std::size_t>(start - 1)));
          });
        })));
    out.push_back(
        function_entry(name, {TypeId::text, TypeId::int4, TypeId::int4}, TypeId::text,
                       "So many characters from a position on.", "substring('abcd', 2, 2) = 'bc'",
                       [](KernelCall& call) {
                         write<Text, std::int32_t, std::int32_t>(
                             call, [](Text text, std::int32_t start, std::int32_t length,
                                      std::string& to) { to += substring(text, start, length); });
                       }));
  }
  out.push_back(function_entry("split_part", {TypeId::text, TypeId::text, TypeId::int4},
                               TypeId::text,
                               "The n-th of the parts between delimiters, '' if there is none.",
                               "split_part('a,b', ',', 2) = 'b'", split_part_kernel));
  out.push_back(function_entry("lpad", {TypeId::text, TypeId::int4}, TypeId::text,
                               "Filled with blanks on the left, or cut on the right, to a length.",
                               "lpad('a', 3) = '  a'", [](KernelCall& call) {
                                 write<Text, std::int32_t>(
                                     call, [](Text text, std::int32_t n, std::string& to) {
                                       left_pad(text, n, " ", to);
                                     });
                               }));
  out.push_back(function_entry("lpad", {TypeId::text, TypeId::int4, TypeId::text}, TypeId::text,
                               "Filled on the left, or cut on the right, to a length.",
                               "lpad('a', 3, 'xy') = 'xya'", [](KernelCall& call) {
                                 write<Text, std::int32_t, Text>(
                                     call, [](Text text, std::int32_t n, Text fill,
                                              std::string& to) { left_pad(text, n, fill, to); });
                               }));
  const auto add_trim = [&](Text name, Text doc, Text example, Kernel kernel) {
    out.push_back(
        infallible(function_entry(name, {TypeId::text}, TypeId::text, doc, example, kernel)));
    out.push_back(infallible(
        function_entry(name, {TypeId::text, TypeId::text}, TypeId::text, doc, example, kernel)));
  };
  add_trim("btrim", "Without the characters (blanks) at both ends.", "btrim(' a ') = 'a'",
           trim_kernel<trim_both>);
  add_trim("ltrim", "Without the characters (blanks) at the start.", "ltrim(' a ') = 'a '",
           trim_kernel<trim_left>);
  add_trim("rtrim", "Without the characters (blanks) at the end.", "rtrim(' a ') = ' a'",
           trim_kernel<trim_right>);
}

void add_searches(std::vector<Function>& out) {
  out.push_back(infallible(function_entry(
      "strpos", {TypeId::text, TypeId::text}, TypeId::int4,
      "Where the second first occurs in the first, 0 if it does not.", "strpos('abc', 'c') = 3",
      [](KernelCall& call) { compute<std::int32_t(Text, Text)>(call, find_position); })));
  out.push_back(
      infallible(function_entry("position", {TypeId::text, TypeId::text}, TypeId::int4,
                                "Where the first first occurs in the second, 0 if it does not.",
                                "position('c' IN 'abc') = 3", [](KernelCall& call) {
                                  compute<std::int32_t(Text, Text)>(call, [](Text part, Text text) {
                                    return find_position(text, part);
                                  });
                                })));
  out.push_back(infallible(function_entry(
      "starts_with", {TypeId::text, TypeId::text}, TypeId::boolean,
      "Whether the first begins with the second.", "starts_with('abc', 'ab') = true",
      [](KernelCall& call) {
        compute<bool(Text, Text)>(
            call, [](Text text, Text prefix) noexcept { return text.starts_with(prefix); });
      })));
  out.push_back(function_entry("replace", {TypeId::text, TypeId::text, TypeId::text}, TypeId::text,
                               "Every occurrence of the second replaced by the third.",
                               "replace('abab', 'b', 'x') = 'axax'", replace_kernel));
  out.push_back(infallible(
      function_entry("translate", {TypeId::text, TypeId::text, TypeId::text}, TypeId::text,
                     "Each character of the second replaced by that of the third.",
                     "translate('abc', 'ab', 'x') = 'xc'", translate_kernel)));
  out.push_back(function_entry("repeat", {TypeId::text, TypeId::int4}, TypeId::text,
                               "The text so many times.", "repeat('ab', 2) = 'abab'",
                               repeat_kernel));
}

}  // namespace

std::vector<Function> text_functions() {
  std::vector<Function> out;
  add_lengths(out);
  add_parts(out);
  add_searches(out);
  out.push_back(infallible(function_entry("lower", {TypeId::text}, TypeId::text, "In lower case.",
                                          "lower('AB') = 'ab'", case_kernel<to_lower>)));
  out.push_back(infallible(function_entry("upper", {TypeId::text}, TypeId::text, "In upper case.",
                                          "upper('ab') = 'AB'", case_kernel<to_upper>)));
  out.push_back(infallible(function_entry("initcap", {TypeId::text}, TypeId::text,
                                          "Each word with one capital at its start.",
                                          "initcap('ab CD') = 'Ab Cd'", initcap_kernel)));
  out.push_back(infallible(function_entry("reverse", {TypeId::text}, TypeId::text,
                                          "The characters in reverse.", "reverse('abc') = 'cba'",
                                          reverse_kernel)));
  return out;
}

}  // namespace tailrace::engine
