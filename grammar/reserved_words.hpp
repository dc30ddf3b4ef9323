// Words that must be quoted to be names.
#pragma once

#include <string_view>

namespace tailrace::grammar {

// Whether a name in lower case is a keyword that some place for names would not take: the
// `reserved` rules at the end of TailraceParser.g4. (A test compares.)
bool is_reserved_word(std::string_view word);
// Whether a call of a function with this name, unqualified, would read as special syntax.
bool is_call_word(std::string_view word);

}  // namespace tailrace::grammar
