// SQL text as the generated lexer reads it: characters, not bytes, with ASCII letters in upper
// case. Private to grammar/.
#pragma once

#include <antlr4-runtime.h>

#include <string>
#include <string_view>

namespace tailrace::grammar {

class CharacterStream final : public antlr4::CharStream {
 public:
  // Throws 22021 if `utf8` is not valid UTF-8 or has a NUL. Keeps a reference: `utf8` must outlive
  // it.
  explicit CharacterStream(std::string_view utf8);

  // The characters [first, last] as they were written.
  std::string text(std::size_t first, std::size_t last) const;

  void consume() override { ++at_; }
  std::size_t LA(ssize_t offset) override {
    // The lexer asks for 1 nearly always.
    const std::size_t index = offset > 0 ? at_ + offset - 1 : at_ + offset;
    if (index >= size_) return antlr4::IntStream::EOF;
    const char32_t c = is_ascii_ ? static_cast<unsigned char>(utf8_[index]) : characters_[index];
    return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
  }
  // As LA, without the change of case.
  std::size_t exact(std::size_t index) const;
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  std::size_t index() override { return at_; }
  void seek(std::size_t index) override { at_ = index; }
  std::size_t size() override { return size_; }
  std::string getSourceName() const override { return "sql"; }
  std::string getText(const antlr4::misc::Interval& interval) override {
    return text(interval.a, interval.b);
  }
  std::string toString() const override { return std::string(utf8_); }

 private:
  std::string_view utf8_;
  std::u32string characters_;  // empty if is_ascii_
  std::size_t size_ = 0;
  std::size_t at_ = 0;
  bool is_ascii_ = true;
};

// One character as UTF-8, appended.
void append_utf8(std::string& out, char32_t character);

}  // namespace tailrace::grammar
