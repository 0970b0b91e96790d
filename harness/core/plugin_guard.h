// Guards: each forwards to a user's plugin and turns whatever that throws into Error E0905 with its name. A plugin
// that is no object at all is the same error, when its guard is made.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "harness/core/error.h"
#include "harness/core/interfaces.h"

namespace samebits {

// Runs `call`; a plugin's own Error passes, anything else is E0905.
template <class Call>
auto guarded(const std::string& plugin, Call&& call) {
  const auto broken = [&](const std::string& thrown) {
    return Error("E0905", "the plugin " + plugin + " threw: " + thrown, "",
                 "report it to the plugin's author, or run without the plugin");
  };
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    throw broken(e.what());
  } catch (...) {
    throw broken("something that is no std::exception");
  }
}

// What every guard holds: the plugin, and its kind and name for messages.
template <class Interface>
struct Guard : Interface {
  Guard(std::unique_ptr<Interface> p, std::string n) : plugin(std::move(p)), name(std::move(n)) {
    if (!plugin)
      throw Error("E0905", "the plugin " + name + " gave a null pointer where an object is due", "",
                  "report it to the plugin's author, or run without the plugin");
  }
  std::unique_ptr<Interface> plugin;
  std::string name;
};

template <class Interface>
struct Guarded;

template <>
struct Guarded<TaskSource> final : Guard<TaskSource> {
  using Guard::Guard;
  std::vector<TaskSummary> list(const PlanOptions& o) const override {
    return guarded(name, [&] { return plugin->list(o); });
  }
  bool add(std::string_view id, const PlanOptions& o, Plan& plan) const override {
    return guarded(name, [&] { return plugin->add(id, o, plan); });
  }
};

template <>
struct Guarded<Backend> final : Guard<Backend> {
  using Guard::Guard;
  const ModelInfo& model() const override {
    return *guarded(name, [&] { return &plugin->model(); });
  }
  std::vector<int32_t> tokenize(std::string_view text, bool special) const override {
    return guarded(name, [&] { return plugin->tokenize(text, special); });
  }
  void answer(std::span<const Request> requests, const Sink& sink, const Observer& observe) override {
    guarded(name, [&] { plugin->answer(requests, sink, observe); });
  }
  nlohmann::json observations() const override {
    return guarded(name, [&] { return plugin->observations(); });
  }
};

template <>
struct Guarded<BackendFactory> final : Guard<BackendFactory> {
  using Guard::Guard;
  std::unique_ptr<Backend> open(const std::string& location, const nlohmann::json& options) const override {
    return guarded(name, [&]() -> std::unique_ptr<Backend> {
      return std::make_unique<Guarded<Backend>>(plugin->open(location, options), name);
    });
  }
};

template <>
struct Guarded<Runner> final : Guard<Runner> {
  using Guard::Guard;
  void run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
           const Observer& observe) const override {
    guarded(name, [&] { plugin->run(plan, backend, missing, sink, observe); });
  }
};

template <>
struct Guarded<Stage> final : Guard<Stage> {
  using Guard::Guard;
  std::string digest() const override {
    return guarded(name, [&] { return plugin->digest(); });
  }
  Verdict judge(const Sample& sample, std::string_view text) const override {
    return guarded(name, [&] { return plugin->judge(sample, text); });
  }
};

template <>
struct Guarded<Filter> final : Guard<Filter> {
  using Guard::Guard;
  std::vector<std::string> apply(const nlohmann::json& args, const Sample& sample,
                                 std::vector<std::string> texts) const override {
    return guarded(name, [&] { return plugin->apply(args, sample, std::move(texts)); });
  }
};

template <>
struct Guarded<Metric> final : Guard<Metric> {
  using Guard::Guard;
  Known<Statistic> score(const MetricUse& use, const Sample& sample, std::span<const Answer> answers) const override {
    return guarded(name, [&] { return plugin->score(use, sample, answers); });
  }
  Estimate aggregate(const MetricUse& use, std::span<const Known<Statistic>> scores, uint64_t seed) const override {
    return guarded(name, [&] { return plugin->aggregate(use, scores, seed); });
  }
};

template <>
struct Guarded<Reporter> final : Guard<Reporter> {
  using Guard::Guard;
  std::string extension() const override {
    return guarded(name, [&] { return plugin->extension(); });
  }
  std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const override {
    return guarded(name, [&] { return plugin->render(claims, observations); });
  }
};

}  // namespace samebits
