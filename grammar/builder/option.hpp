// Options from the sequences that the grammar reads them as. Private to grammar/builder/.
#pragma once

#include <vector>

#include "grammar/ast/option.hpp"
#include "grammar/ast/statement/manage.hpp"
#include "grammar/builder/option_table.hpp"
#include "grammar/builder/tree.hpp"

namespace tailrace::grammar::builder {

std::vector<ast::Option> options(const std::vector<P::OptionContext*>& trees, OptionListKind list);
// Of none: empty.
std::vector<ast::Option> options(P::Options_Context* tree, OptionListKind list);
std::vector<ast::Option> options(P::BareOptionsContext& tree, OptionListKind list);
std::vector<ast::Option> options(P::WithOptionsContext* tree, OptionListKind list);
std::vector<ast::OptionName> option_names(P::OptionNamesContext& tree, OptionListKind list);

}  // namespace tailrace::grammar::builder
