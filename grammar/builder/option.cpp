#include "grammar/builder/option.hpp"

#include <span>

#include "grammar/builder/builder.hpp"
#include "grammar/syntax_error.hpp"

namespace tailrace::grammar::builder {

namespace {

using ast::Option;
using ast::OptionValue;
// optionWord or optionElement, in the order written.
using Elements = std::span<antlr4::ParserRuleContext* const>;

// The element as one unquoted word in upper case; nothing if it is anything else.
std::string word(antlr4::ParserRuleContext& element) {
  if (as<P::IntervalLiteralContext>(&element)) return "INTERVAL";  // of elements_of
  if (element.start != element.stop) return {};
  const std::size_t type = first_type(element);
  if (type != P::IDENTIFIER && (type < P::ABORT || type > P::ZONE)) return {};
  return upper(text(element));
}

[[noreturn]] void throw_unknown(antlr4::Token* found, OptionListKind list) {
  const auto names = sensible_options(list);
  std::string message = names.size() > 1 ? "Expected one of " : "Expected ";
  for (const std::string_view& name : names)
    message += (&name == &names.front() ? "" : " or ") + std::string(name);
  throw_syntax_error(found, message + ", found " + describe(*found));
}

// The longest known name that the elements start with; takes it off them.
const KnownOption& take_name(Elements& elements, OptionListKind list) {
  const KnownOption* best = nullptr;
  std::size_t best_words = 0;
  for (const KnownOption& option : known_options(list)) {
    std::string_view rest = option.name;
    std::size_t words = 0;
    while (!rest.empty() && words < elements.size()) {
      const std::string_view next = rest.substr(0, rest.find(' '));
      // A digit (PUBLIC KEY 1) is no word, but may belong to a name.
      const bool is_number = first_type(*elements[words]) == P::NUMBER;
      if ((is_number ? text(*elements[words]) : word(*elements[words])) != next) break;
      rest.remove_prefix(std::min(rest.size(), next.size() + 1));
      ++words;
    }
    if (rest.empty() && words > best_words) best = &option, best_words = words;
  }
  if (!best) throw_unknown(elements.front()->start, list);
  elements = elements.subspan(best_words);
  return *best;
}

// The grammar reads TICK INTERVAL '1s' as a word and the literal INTERVAL '1s'. Only the table of
// options knows better, so such a literal is two elements here: the word (as the literal's context)
// and the string.
std::vector<antlr4::ParserRuleContext*> elements_of(antlr4::ParserRuleContext& tree) {
  std::vector<antlr4::ParserRuleContext*> out;
  for (Node* child : tree.children) {
    auto* element = as<P::OptionElementContext>(child);
    auto* interval = element ? element->intervalLiteral() : nullptr;
    if (interval && !interval->intervalQualifier()) {
      out.push_back(interval);
      out.push_back(interval->stringLiteral());
    } else {
      out.push_back(static_cast<antlr4::ParserRuleContext*>(child));
    }
  }
  return out;
}

// `[u12 AS shop.orders]`, as stored definitions write the names of objects.
bool is_named_by_id(antlr4::ParserRuleContext& element) {
  auto* tree = as<P::OptionElementContext>(&element);
  if (!tree || !tree->LEFT_BRACKET() || tree->optionSequence().size() != 1) return false;
  const auto parts = tree->optionSequence(0)->optionElement();
  return parts.size() == 3 && word(*parts[1]) == "AS";
}

ast::ObjectName dotted_name(antlr4::ParserRuleContext& element) {
  ast::ObjectName out{.position = position(element)};
  if (is_named_by_id(element)) {
    const auto parts =
        static_cast<P::OptionElementContext&>(element).optionSequence(0)->optionElement();
    out = dotted_name(*parts[2]);
    out.id = dotted_name(*parts[0]).last();
    return out;
  }
  if (auto* dotted = as<P::OptionElementContext>(&element))
    for (auto* part : dotted->optionWord()) out.parts.push_back(ident(part));
  else
    out.parts.push_back(ident(&element));
  if (out.parts.empty())
    throw_syntax_error(element.start, "Expected identifier, found " + describe(*element.start));
  check_parts(out, 4);
  return out;
}

bool is_equals(antlr4::ParserRuleContext& element) {
  return first_type(element) == P::EQUAL;
}

Option option(Elements elements, OptionListKind list);
OptionValue value(Elements elements);

// The sequences between the brackets of an element.
template <class Make>
auto each_in_brackets(P::OptionElementContext& tree, Make make) {
  std::vector<decltype(make(Elements()))> out;
  for (auto* sequence : tree.optionSequence()) out.push_back(make(elements_of(*sequence)));
  return out;
}

OptionValue single_value(antlr4::ParserRuleContext& element) {
  const std::uint32_t at = position(element);
  if (auto* string = as<P::StringLiteralContext>(&element))
    return {ast::StringLiteral{string_value(*string)}, at};
  auto* tree = as<P::OptionElementContext>(&element);
  if (!tree) return {dotted_name(element), at};
  if (auto* signed_literal = tree->signedLiteral()) {
    ast::Expression read = literal(*signed_literal);
    return std::visit(
        [&](auto& node) -> OptionValue {
          if constexpr (std::is_constructible_v<decltype(OptionValue::node), decltype(node)>)
            return {std::move(node), at};
          else
            throw_syntax_error(tree->start,
                               "Expected option value, found " + describe(*tree->start));
        },
        read.node);
  }
  if (auto* interval_literal = tree->intervalLiteral()) return {interval(*interval_literal), at};
  if (is_named_by_id(element)) return {dotted_name(element), at};
  if (tree->LEFT_PAREN() || tree->LEFT_BRACKET())
    return {ast::OptionList{each_in_brackets(*tree, value)}, at};
  if (!tree->optionWord().empty()) return {dotted_name(element), at};
  throw_syntax_error(tree->start, "Expected option value, found " + describe(*tree->start));
}

OptionValue value(Elements elements) {
  antlr4::ParserRuleContext& first = *elements.front();
  const std::string leading = word(first);
  if (leading == "FOR" && elements.size() > 1)
    return {ast::RetainFor{value(elements.subspan(1))}, position(first)};
  if (leading == "SECRET" && elements.size() == 2)
    return {ast::SecretReference{dotted_name(*elements[1])}, position(first)};
  if (auto* literal = as<P::IntervalLiteralContext>(&first); literal && elements.size() == 2)
    return {interval(*literal), position(first)};
  if (elements.size() > 1)
    throw_syntax_error(elements[1]->start,
                       "Expected comma, found " + describe(*elements[1]->start));
  return single_value(first);
}

// MANUAL | ON REFRESH (..) | UNTIL READY (..) | (ON HYDRATION (..), ..)
OptionValue policy(Elements elements) {
  antlr4::ParserRuleContext& first = *elements.front();
  if (word(first) == "FOR") return value(elements);
  auto* group = as<P::OptionElementContext>(&first);
  if (group && group->LEFT_PAREN())
    return {ast::OptionList{each_in_brackets(*group, policy)}, position(first)};
  ast::OptionPolicy out;
  for (antlr4::ParserRuleContext* element : elements) {
    if (const std::string next = word(*element); !next.empty()) {
      out.name += (out.name.empty() ? "" : " ") + next;
      continue;
    }
    auto* inner = as<P::OptionElementContext>(element);
    if (!inner || !inner->LEFT_PAREN() || element != elements.back())
      throw_syntax_error(element->start,
                         "Expected left parenthesis, found " + describe(*element->start));
    out.options = each_in_brackets(
        *inner, [](Elements part) { return option(part, OptionListKind::cluster_policy); });
  }
  return {std::move(out), position(first)};
}

// name | name (options)
OptionValue endpoint(Elements elements) {
  auto* inner = elements.size() == 2 ? as<P::OptionElementContext>(elements[1]) : nullptr;
  if (!inner || !inner->LEFT_PAREN()) return value(elements);
  ast::ObjectWithOptions out{.name = dotted_name(*elements.front())};
  out.options = each_in_brackets(
      *inner, [](Elements part) { return option(part, OptionListKind::endpoint); });
  return {std::move(out), position(*elements.front())};
}

// (name (options), ..)
OptionValue replicas(Elements elements) {
  antlr4::ParserRuleContext& first = *elements.front();
  auto* group = as<P::OptionElementContext>(&first);
  if (!group || !group->LEFT_PAREN() || elements.size() > 1)
    throw_syntax_error(first.start, "Expected left parenthesis, found " + describe(*first.start));
  auto read = [](Elements part) {
    auto* inner = part.size() == 2 ? as<P::OptionElementContext>(part[1]) : nullptr;
    if (!inner || !inner->LEFT_PAREN())
      throw_syntax_error(part.front()->start, "Expected replica name and options, found " +
                                                  describe(*part.front()->start));
    ast::ObjectName name = dotted_name(*part.front());
    check_parts(name, 1);
    return ast::ReplicaDefinition{name.parts[0], each_in_brackets(*inner, [](Elements o) {
                                    return option(o, OptionListKind::cluster_replica);
                                  })};
  };
  return {ast::ReplicaDefinitions{each_in_brackets(*group, read)}, position(first)};
}

Option option(Elements elements, OptionListKind list) {
  antlr4::Token* start = elements.front()->start;
  const KnownOption& known = take_name(elements, list);
  if (known.shape == OptionShape::missing)
    throw_unsupported(start, "option " + std::string(known.name));
  Option out{.name = std::string(known.synonym_of.empty() ? known.name : known.synonym_of),
             .position = position(start)};
  if (elements.empty()) return out;
  if (is_equals(*elements.front())) {
    antlr4::Token* equals = elements.front()->start;
    elements = elements.subspan(1);
    if (elements.empty()) throw_syntax_error(equals, "Expected option value after equals sign");
  }
  if (is_equals(*elements.front())) throw_unknown(start, list);
  switch (known.shape) {
    case OptionShape::policy:
      out.value = policy(elements);
      break;
    case OptionShape::replicas:
      out.value = replicas(elements);
      break;
    case OptionShape::endpoint:
      out.value = endpoint(elements);
      break;
    default:
      out.value = value(elements);
  }
  return out;
}

ast::Refresh refresh(P::RefreshOptionContext& tree) {
  if (tree.COMMIT()) return ast::RefreshOnCommit{};
  if (tree.CREATION()) return ast::RefreshAtCreation{};
  if (tree.AT()) return ast::RefreshAt{expression(*tree.expression())};
  return ast::RefreshEvery{string_value(*tree.stringLiteral()), expression(tree.expression())};
}

Option option(P::OptionContext& tree, OptionListKind list) {
  if (auto* every = tree.refreshOption()) {
    if (list != OptionListKind::materialized_view && list != OptionListKind::altered)
      throw_unknown(tree.start, list);
    return {.name = "REFRESH",
            .value = OptionValue{refresh(*every), position(tree)},
            .position = position(tree)};
  }
  return option(elements_of(tree), list);
}

}  // namespace

std::vector<Option> options(const std::vector<P::OptionContext*>& trees, OptionListKind list) {
  std::vector<Option> out;
  for (auto* tree : trees) out.push_back(option(*tree, list));
  return out;
}

std::vector<Option> options(P::Options_Context* tree, OptionListKind list) {
  return tree ? options(tree->option(), list) : std::vector<Option>();
}

std::vector<Option> options(P::BareOptionsContext& tree, OptionListKind list) {
  return tree.options_() ? options(tree.options_(), list) : options(tree.option(), list);
}

std::vector<Option> options(P::WithOptionsContext* tree, OptionListKind list) {
  return tree ? options(tree->option(), list) : std::vector<Option>();
}

std::vector<ast::OptionName> option_names(P::OptionNamesContext& tree, OptionListKind list) {
  std::vector<ast::OptionName> out;
  for (auto* name : tree.optionName()) {
    const auto words = elements_of(*name);
    Elements rest(words);
    const KnownOption& known = take_name(rest, list);
    if (!rest.empty())
      throw_syntax_error(rest.front()->start,
                         "Expected comma, found " + describe(*rest.front()->start));
    out.push_back(
        {std::string(known.synonym_of.empty() ? known.name : known.synonym_of), position(*name)});
  }
  return out;
}

}  // namespace tailrace::grammar::builder
