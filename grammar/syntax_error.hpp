// What the parser says when it cannot go on. Private to grammar/.
#pragma once

#include <antlr4-runtime.h>

#include <exception>
#include <string>

namespace tailrace::grammar {

// Thrown by the fast attempt; the thorough one that follows throws SqlError instead.
struct ParseCancelled : std::exception {};

// Gives up at the first error: `quiet` by ParseCancelled, else by SqlError 42601 with position and
// message.
class FirstError final : public antlr4::DefaultErrorStrategy {
 public:
  explicit FirstError(bool quiet) : quiet_(quiet) {}
  void sync(antlr4::Parser*) override {}
  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;

 private:
  bool quiet_;
};

// `identifier "x"`, `number "1"`, `SELECT`, `end of input`: how messages name a token.
std::string describe(antlr4::Token& token);

}  // namespace tailrace::grammar
