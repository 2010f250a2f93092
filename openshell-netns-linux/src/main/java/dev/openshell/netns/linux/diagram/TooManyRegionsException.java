package dev.openshell.netns.linux.diagram;

/** A function divides the packets into more regions than can be kept. */
public final class TooManyRegionsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManyRegionsException() {
        super("more regions than can be told apart");
    }
}
