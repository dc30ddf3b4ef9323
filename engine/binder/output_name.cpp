#include "engine/binder/output_name.hpp"

#include <optional>

namespace tailrace::engine {

namespace {

std::optional<std::string> name_of(const ast::Expression& expression);

std::string type_word(const ast::TypeName& type) {
  if (const auto* named = std::get_if<ast::NamedType>(&type.node)) return named->name.last();
  if (const auto* array = std::get_if<ast::ArrayType>(&type.node))
    return type_word(*array->element);
  if (const auto* list = std::get_if<ast::ListType>(&type.node)) return type_word(*list->element);
  return "map";
}

std::optional<std::string> name_of_query(const ast::Query& query) {
  const ast::QueryBody* body = &query.body;
  while (true) {
    if (const auto* nested = std::get_if<ast::Box<ast::Query>>(&body->node)) {
      body = &(*nested)->body;
    } else if (const auto* operation = std::get_if<ast::SetOperation>(&body->node)) {
      body = &*operation->left;
    } else {
      break;
    }
  }
  if (const auto* select = std::get_if<ast::Select>(&body->node);
      select != nullptr && select->items.size() == 1) {
    const ast::SelectItem& item = select->items[0];
    return item.alias ? std::optional(item.alias->value) : name_of(item.expression);
  }
  if (std::holds_alternative<ast::Values>(body->node)) return "column1";
  return std::nullopt;
}

struct Namer {
  std::optional<std::string> operator()(const ast::ColumnName& node) const {
    return node.parts.back().value;
  }
  std::optional<std::string> operator()(const ast::FieldAccess& node) const {
    return node.field.value;
  }
  std::optional<std::string> operator()(const ast::Subscript& node) const {
    return name_of(*node.value);
  }
  std::optional<std::string> operator()(const ast::FunctionCall& node) const {
    return node.name.last();
  }
  std::optional<std::string> operator()(const ast::Collate& node) const {
    return name_of(*node.operand);
  }
  std::optional<std::string> operator()(const ast::Cast& node) const {
    if (auto inner = name_of(*node.operand)) return inner;
    return type_word(node.type);
  }
  std::optional<std::string> operator()(const ast::Case& node) const {
    if (node.otherwise && std::holds_alternative<ast::ColumnName>((*node.otherwise)->node)) {
      return name_of(**node.otherwise);
    }
    return "case";
  }
  std::optional<std::string> operator()(const ast::Choice& node) const {
    return node.kind == ast::ChoiceKind::coalesce   ? "coalesce"
           : node.kind == ast::ChoiceKind::greatest ? "greatest"
                                                    : "least";
  }
  std::optional<std::string> operator()(const ast::NullIf&) const { return "nullif"; }
  std::optional<std::string> operator()(const ast::Exists&) const { return "exists"; }
  std::optional<std::string> operator()(const ast::Collection& node) const {
    return node.kind == ast::CollectionKind::array ? "array" : "list";
  }
  std::optional<std::string> operator()(const ast::MapConstructor&) const { return "map"; }
  std::optional<std::string> operator()(const ast::CollectionSubquery& node) const {
    return node.kind == ast::CollectionKind::array  ? "array"
           : node.kind == ast::CollectionKind::list ? "list"
                                                    : "map";
  }
  std::optional<std::string> operator()(const ast::Row&) const { return "row"; }
  std::optional<std::string> operator()(const ast::BooleanLiteral&) const { return "bool"; }
  std::optional<std::string> operator()(const ast::IntervalLiteral&) const { return "interval"; }
  std::optional<std::string> operator()(const ast::AtTimeZone&) const { return "timezone"; }
  std::optional<std::string> operator()(const ast::ScalarSubquery& node) const {
    return name_of_query(*node.query);
  }
  template <class Node>
  std::optional<std::string> operator()(const Node&) const {
    return std::nullopt;
  }
};

std::optional<std::string> name_of(const ast::Expression& expression) {
  return std::visit(Namer{}, expression.node);
}

}  // namespace

std::string output_name(const ast::Expression& expression) {
  return name_of(expression).value_or("?column?");
}

}  // namespace tailrace::engine
