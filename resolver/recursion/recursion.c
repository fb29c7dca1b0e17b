#include "recursion/recursion.h"

const char *recursion_state_text(enum recursion_state state)
{
    switch (state) {
    case RECURSION_UNUSED:
        return "unused";
    case RECURSION_STARTING:
        return "starting";
    case RECURSION_RUNNING:
        return "running";
    case RECURSION_DOWN:
        return "down";
    }
    return "?";
}
