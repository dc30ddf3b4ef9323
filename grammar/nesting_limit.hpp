// Refuses what nests too deep, from the tokens alone. Private to grammar/.
//
// Nesting comes from brackets and CASE, from runs of signs (`- - - a`), and from NOT in operands
// (`NOT a = NOT b = ..`, which AND, OR, a comma or a bracket ends).
#pragma once

#include <antlr4-runtime.h>

#include <cstddef>

namespace tailrace::grammar {

class NestingLimit {
 public:
  // Throws 54001 at the token that goes too far.
  void next(antlr4::Token* token);

 private:
  std::size_t brackets_ = 0;
  std::size_t cases_ = 0;
  std::size_t nots_ = 0;
  std::size_t signs_ = 0;
};

}  // namespace tailrace::grammar
