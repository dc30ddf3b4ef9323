#include "server/http/sql_request.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "repr/error.hpp"

namespace tailrace::server {

namespace {

namespace dom = simdjson::dom;

SqlError invalid(std::string message) {
  return SqlError(sqlstate::invalid_parameter_value, std::move(message));
}

dom::object parse_object(dom::parser& parser, std::string_view text, std::string_view what) {
  dom::object object;
  const auto error = parser.parse(text.data(), text.size()).get(object);
  if (error) {
    throw invalid(fmt::format("{} is not a JSON object: {}", what, simdjson::error_message(error)));
  }
  return object;
}

std::string text_of(const dom::element& element, std::string_view what) {
  std::string_view text;
  if (element.get(text)) throw invalid(fmt::format("{} must be a string", what));
  return std::string(text);
}

ExtendedRequest::Statement parse_statement(const dom::element& element) {
  dom::object object;
  if (element.get(object)) throw invalid("each of \"queries\" must be an object");
  ExtendedRequest::Statement statement;
  bool has_query = false;
  for (const auto& [key, value] : object) {
    if (key == "query") {
      statement.query = text_of(value, "\"query\"");
      has_query = true;
    } else if (key == "params") {
      dom::array parameters;
      if (value.get(parameters)) throw invalid("\"params\" must be an array");
      for (const dom::element parameter : parameters) {
        if (parameter.is_null()) {
          statement.parameters.emplace_back(std::nullopt);
        } else {
          statement.parameters.emplace_back(text_of(parameter, "a parameter that is not null"));
        }
      }
    } else {
      throw invalid(fmt::format("unknown field \"{}\"", key));
    }
  }
  if (!has_query) throw invalid("each of \"queries\" must have a \"query\"");
  return statement;
}

ExtendedRequest parse_extended(const dom::element& element) {
  dom::array statements;
  if (element.get(statements)) throw invalid("\"queries\" must be an array");
  ExtendedRequest request;
  for (const dom::element statement : statements) {
    request.statements.push_back(parse_statement(statement));
  }
  return request;
}

}  // namespace

SqlRequest parse_sql_request(std::string_view body) {
  dom::parser parser;
  const dom::object object = parse_object(parser, body, "the body");
  std::optional<SqlRequest> request;
  for (const auto& [key, value] : object) {
    if (key != "query" && key != "queries") throw invalid(fmt::format("unknown field \"{}\"", key));
    if (request) throw invalid("give either \"query\" or \"queries\"");
    if (key == "query") {
      request = SimpleRequest{text_of(value, "\"query\"")};
    } else {
      request = parse_extended(value);
    }
  }
  if (!request) throw invalid("the body must have \"query\" or \"queries\"");
  return std::move(*request);
}

std::vector<std::pair<std::string, std::string>> parse_settings(std::string_view json) {
  dom::parser parser;
  std::vector<std::pair<std::string, std::string>> settings;
  for (const auto& [key, value] : parse_object(parser, json, "\"options\"")) {
    settings.emplace_back(std::string(key), text_of(value, fmt::format("option \"{}\"", key)));
  }
  return settings;
}

}  // namespace tailrace::server
