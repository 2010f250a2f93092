package dev.openshell.netns.linux.picture;

/** A rectangle in pixels; y grows downwards. */
record Box(int x, int y, int width, int height) {
    int right() {
        return x + width;
    }

    int bottom() {
        return y + height;
    }

    int middle() {
        return x + width / 2;
    }

    int centre() {
        return y + height / 2;
    }
}
