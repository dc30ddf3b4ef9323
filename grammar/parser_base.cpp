#include "grammar/parser_base.hpp"

#include "grammar/character_stream.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar {

void throw_nested_too_deep(antlr4::Token* at) {
  throw SqlError(sqlstate::statement_too_complex,
                 "statement exceeds nested expression limit of " + std::to_string(nesting_max))
      .position(static_cast<std::uint32_t>(at->getStartIndex() + 1));
}

void LexerBase::read_to_closing_tag() {
  auto& characters = static_cast<CharacterStream&>(*_input);
  const std::size_t tag_start = tokenStartCharIndex;
  const std::size_t tag_length = characters.index() - tag_start;
  // The tag's last `$` may be the first of the closing tag only if it is not the opening one
  // itself.
  for (std::size_t at = characters.index(); at + tag_length <= characters.size(); ++at) {
    std::size_t same = 0;
    while (same < tag_length && characters.exact(at + same) == characters.exact(tag_start + same))
      ++same;
    if (same == tag_length) {
      characters.seek(at + tag_length);
      return;
    }
  }
  open_dollar_string_ = tag_start;
  characters.seek(characters.size());
}

}  // namespace tailrace::grammar
