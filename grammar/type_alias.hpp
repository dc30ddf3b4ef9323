// Names of types that only the grammar knows, and the catalog's names for them.
#pragma once

#include <string_view>

namespace tailrace::grammar {

// `integer` -> `int4`; nothing for words that are no alias. (`float` and the names of several words
// are the builder's.) A type whose catalog name is one of these, such as "char", is quoted when
// printed.
std::string_view type_alias(std::string_view word);

}  // namespace tailrace::grammar
