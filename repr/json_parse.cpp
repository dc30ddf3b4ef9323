#include <fmt/format.h>

#include <algorithm>

#include "repr/error.hpp"
#include "repr/json.hpp"
#include "repr/scalar_text.hpp"

namespace tailrace {

namespace {

// Recursive descent over the text, writing canonical text as it goes.
class Parser {
 public:
  Parser(std::string_view text, std::string& out)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), out_(out) {}

  void parse() {
    skip_blanks();
    value(0);
    skip_blanks();
    if (at_ != end_) fail("trailing characters");
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    const std::string_view before(begin_, static_cast<std::size_t>(at_ - begin_));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    throw SqlError(sqlstate::invalid_text_representation,
                   fmt::format("invalid input syntax for type jsonb: {} at line {} column {}", why,
                               line, column + 1));
  }

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

  void value(int depth) {
    if (depth > json_depth_max) fail("recursion limit exceeded");
    if (at_ == end_) fail("EOF while parsing a value");
    switch (*at_) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) return number();
        fail("expected value");
    }
  }

  void word(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - at_) < expected.size() ||
        std::string_view(at_, expected.size()) != expected) {
      fail("expected ident");
    }
    at_ += expected.size();
    out_ += expected;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void number() {
    const char* const start = at_;
    if (*at_ == '-') ++at_;
    const auto digits = [&] {
      const char* const first = at_;
      while (at_ != end_ && is_digit(*at_)) ++at_;
      if (at_ == first) fail("invalid number");
      return at_ - first;
    };
    const char* const whole = at_;
    if (digits() > 1 && *whole == '0') fail("invalid number");
    bool plain = true;
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      digits();
      plain = at_[-1] != '0';
    }
    if (at_ != end_ && (*at_ | 32) == 'e') {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      digits();
      plain = false;
    }
    const std::string_view text(start, static_cast<std::size_t>(at_ - start));
    if (plain && text.size() <= 19 && text != "-0") {  // canonical as it stands
      out_ += text;
      return;
    }
    try {
      Numeric::parse(text, Numeric::Excess::reject).append_to(out_);
    } catch (const SqlError& error) {
      fail(error.message());
    }
  }

  unsigned hex4() {
    if (end_ - at_ < 4) fail("EOF while parsing a string");
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = *at_;
      const char lower = static_cast<char>(c | 32);
      if (is_digit(c)) {
        code = code * 16 + static_cast<unsigned>(c - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        code = code * 16 + static_cast<unsigned>(lower - 'a' + 10);
      } else {
        fail("invalid escape");
      }
    }
    return code;
  }

  void append_utf8(unsigned code) {
    if (code < 0x80) {
      const char c = static_cast<char>(code);
      append_json_char(c);
    } else if (code < 0x800) {
      out_ += static_cast<char>(0xc0 | code >> 6);
      out_ += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      out_ += static_cast<char>(0xe0 | code >> 12);
      out_ += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out_ += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      out_ += static_cast<char>(0xf0 | code >> 18);
      out_ += static_cast<char>(0x80 | (code >> 12 & 0x3f));
      out_ += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out_ += static_cast<char>(0x80 | (code & 0x3f));
    }
  }

  void append_json_char(char c) {
    std::string quoted;
    append_json_string(std::string_view(&c, 1), quoted);
    out_.append(quoted, 1, quoted.size() - 2);
  }

  void string() {
    ++at_;
    out_ += '"';
    for (;;) {
      // What needs no escape is copied in one go.
      const char* const start = at_;
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20)
        ++at_;
      out_.append(start, at_);
      if (at_ == end_) fail("EOF while parsing a string");
      if (*at_ == '"') break;
      if (*at_ != '\\') fail("control character (\\u0000-\\u001F) found while parsing a string");
      ++at_;
      if (at_ == end_) fail("EOF while parsing a string");
      escape();
    }
    ++at_;
    out_ += '"';
  }

  void escape() {
    const char c = *at_++;
    switch (c) {
      case '"':
      case '\\':
        out_ += '\\';
        out_ += c;
        return;
      case '/':
        out_ += '/';
        return;
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        out_ += '\\';
        out_ += c;
        return;
      case 'u':
        break;
      default:
        fail("invalid escape");
    }
    unsigned code = hex4();
    if (code == 0) fail("unsupported Unicode escape sequence \\u0000");
    if (code >= 0xdc00 && code < 0xe000) fail("lone trailing surrogate in hex escape");
    if (code >= 0xd800 && code < 0xdc00) {
      if (end_ - at_ < 6 || at_[0] != '\\' || at_[1] != 'u')
        fail("lone leading surrogate in hex escape");
      at_ += 2;
      const unsigned low = hex4();
      if (low < 0xdc00 || low >= 0xe000) fail("lone leading surrogate in hex escape");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(code);
  }

  void array(int depth) {
    ++at_;
    out_ += '[';
    skip_blanks();
    if (at_ != end_ && *at_ == ']') {
      ++at_;
      out_ += ']';
      return;
    }
    for (;;) {
      skip_blanks();
      value(depth + 1);
      skip_blanks();
      if (at_ == end_) fail("EOF while parsing a list");
      const char c = *at_;
      if (c != ',' && c != ']') fail("expected `,` or `]`");
      ++at_;
      out_ += c;
      if (c == ']') return;
    }
  }

  // A member as it stands in out_: "key":value
  struct Member {
    std::size_t begin;
    std::size_t key_end;
    std::size_t end;
    std::size_t number;
  };

  void object(int depth) {
    ++at_;
    out_ += '{';
    const std::size_t begin = out_.size();
    std::vector<Member> members;
    skip_blanks();
    if (at_ != end_ && *at_ == '}') {
      ++at_;
      out_ += '}';
      return;
    }
    bool sorted = true;
    for (;;) {
      skip_blanks();
      if (at_ == end_) fail("EOF while parsing an object");
      if (*at_ != '"') fail("key must be a string");
      Member member{out_.size(), 0, 0, members.size()};
      string();
      member.key_end = out_.size();
      skip_blanks();
      if (at_ == end_) fail("EOF while parsing an object");
      if (*at_ != ':') fail("expected `:`");
      ++at_;
      out_ += ':';
      skip_blanks();
      value(depth + 1);
      member.end = out_.size();
      sorted = sorted && (members.empty() || before(members.back(), member));
      members.push_back(member);
      skip_blanks();
      if (at_ == end_) fail("EOF while parsing an object");
      const char c = *at_;
      if (c != ',' && c != '}') fail("expected `,` or `}`");
      ++at_;
      if (c == '}') break;
      out_ += ',';
    }
    if (!sorted) sort(members, begin);
    out_ += '}';
  }

  std::string_view key(const Member& member) const {
    return std::string_view(out_).substr(member.begin, member.key_end - member.begin);
  }

  // By the bytes of the key's text, not of its escapes.
  bool before(const Member& a, const Member& b) const {
    const std::string_view x = key(a);
    const std::string_view y = key(b);
    if (x.find('\\') == std::string_view::npos && y.find('\\') == std::string_view::npos) {
      return x.substr(1, x.size() - 2) < y.substr(1, y.size() - 2);
    }
    return json_string(x) < json_string(y);
  }

  void sort(std::vector<Member>& members, std::size_t begin) {
    std::sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
      if (before(a, b)) return true;
      return !before(b, a) && a.number < b.number;
    });
    std::string sorted;
    sorted.reserve(out_.size() - begin);
    for (std::size_t i = 0; i < members.size(); ++i) {
      // Of equal keys the last member counts.
      if (i + 1 < members.size() && key(members[i]) == key(members[i + 1])) continue;
      if (!sorted.empty()) sorted += ',';
      sorted.append(out_, members[i].begin, members[i].end - members[i].begin);
    }
    out_.replace(begin, std::string::npos, sorted);
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  std::string& out_;
};

}  // namespace

void append_canonical_json(std::string_view text, std::string& out) {
  check_utf8(text);
  const std::size_t before = out.size();
  try {
    Parser(text, out).parse();
  } catch (...) {
    out.resize(before);
    throw;
  }
}

std::string canonical_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_canonical_json(text, out);
  return out;
}

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace tailrace
