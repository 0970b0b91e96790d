// Built for another samebits.
extern "C" const char* samebits_plugin_abi() { return "samebits-plugin/0"; }
