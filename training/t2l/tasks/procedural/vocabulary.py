"""The words that word tasks are played with: short, common, and lower case."""

WORDS: tuple[str, ...] = tuple(
    """
    ant arm art bag bat bed bee box boy bus cap car cat cow cup day dog dot ear egg eye fan fig fly
    fox gem gum hat hen ice ink jam jar key kid leg lip log man map net nut oak oil owl pan pea pen
    pet pie pig pot rat red rug sea sky son sun tea ten tie tin toe top toy van web zoo
    bank barn bear bell bird boat bone book cake camp clay coin cold corn crab desk dove drum duck
    fern fish flag frog gate gold hand hill horn idea jump king lake lamp leaf lion milk mint moon
    nest note pear pine pond rain ring road rope salt sand seed ship silk snow soap star tent tree
    vine wave wind wolf wood yard
    """.split()
)
