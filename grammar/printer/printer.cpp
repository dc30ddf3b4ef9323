#include "grammar/printer.hpp"

#include "grammar/printer/writer.hpp"

namespace tailrace::grammar {

namespace printer {

void write(Writer& w, const ast::Statement& statement) {
  std::visit([&](const auto& node) { write(w, node); }, statement.node);
}

}  // namespace printer

namespace {

template <class Tree>
std::string printed(const Tree& tree, PrintOptions options) {
  printer::Writer w{.options = options};
  printer::write(w, tree);
  return std::move(w.out);
}

}  // namespace

std::string print(const ast::Statement& statement, PrintOptions options) {
  return printed(statement, options);
}
std::string print(const ast::Query& query, PrintOptions options) {
  return printed(query, options);
}
std::string print(const ast::Expression& e, PrintOptions options) {
  return printed(e, options);
}
std::string print(const ast::TypeName& type, PrintOptions options) {
  return printed(type, options);
}
std::string print(const ast::Option& option, PrintOptions options) {
  return printed(option, options);
}
std::string print(const ast::ObjectName& name) {
  return printed(name, {});
}
std::string print(const ast::Ident& ident) {
  return printed(ident, {});
}

}  // namespace tailrace::grammar
